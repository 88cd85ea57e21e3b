package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/ablate"
	"mien/data"
	"mien/engine"
	"mien/recipe"
	"mien/run"
)

// An interrupted ablation says how far it is and how to go on.
func TestInterruptedAblation(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, more := range [][]string{nil, {"--resume"}} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"ablate", "position", "--out", dir, "--only", "early,alternate", "--seeds", "4,6"}, more...)
		require.Equal(t, interrupted, execute(ctx, args, &stdout, &stderr))
		require.Contains(t, stderr.String(), "mien: "+dir+" keeps what is done (0 of 6 runs): continue with --resume\nmien: interrupted\n")
		require.Empty(t, stdout.String())
	}
}

// Each flag reaches its option.
func TestStudyOptions(t *testing.T) {
	b := newBackend()
	defer b.Close()
	c := ablateCmd{Ablation: "position", Out: "to", Resume: true, Only: []string{"early", "later"}, Seeds: []uint64{4, 6}, Init: "from",
		Epochs: new(uint(3)), PretrainEpochs: new(uint(5)), Recompute: true, Precision: engine.BF16, skipFlags: skipFlags{7},
		dataFlags: dataFlags{"a", "b", "c", "d"}, Pre: preFlags{"e", "f", "g", "h"}, Val: valFlags{"i", "j", "k", "l"}}
	s, err := c.study(&console{backend: b})
	require.NoError(t, err)
	a, err := recipe.LoadAblation("position")
	require.NoError(t, err)
	lists := func(static, staticRoot, dynamic, dynamicRoot string) data.Lists {
		return data.Lists{StaticList: static, StaticRoot: staticRoot, DynamicList: dynamic, DynamicRoot: dynamicRoot}
	}
	require.Equal(t, ablate.Study{Ablation: a, Only: []string{"early", "later"}, Seeds: []uint64{4, 6},
		Epochs: map[string]int{recipe.Finetune: 3, recipe.Pretrain: 5}, Pretrain: lists("e", "f", "g", "h"),
		Options: run.Options{Backend: b, Train: lists("a", "b", "c", "d"), Validation: lists("i", "j", "k", "l"), Init: "from", Out: "to",
			Resume: true, Recompute: true, Precision: engine.BF16, Memory: memory("/"), SkipBad: 7}}, s)

	s, err = (&ablateCmd{Ablation: "position", Seeds: []uint64{0}}).study(&console{})
	require.NoError(t, err)
	require.Equal(t, ablate.Study{Ablation: a, Seeds: []uint64{0}, Epochs: map[string]int{}, Options: run.Options{Memory: memory("/")}}, s)
}

// Columns of the paper are there if some row has something for them, and a cell says nothing of what is not known.
func TestAblationTable(t *testing.T) {
	spread := func(mean, deviation float64) ablate.Spread {
		return ablate.Spread{Mean: mean, Deviation: deviation, Values: []float64{1, 2}}
	}
	r := &ablate.Result{Title: "Models", Source: "S4D Table V", Seeds: []uint64{3, 1},
		Finetune: []run.Source{{Set: "training", Modality: "video", Origin: "a.csv", Samples: 31, Classes: 7},
			{Set: "warm-up", Modality: "image", Origin: run.DrawnFaces, Samples: 9, Classes: 7},
			{Set: "validation", Modality: "video", Origin: "b.csv", Samples: 8, Classes: 7}},
		Rows: []ablate.Row{
			{Name: "vit", Parameters: 1_234_567, ActiveParameters: 987_654, Dynamic: &ablate.Recalls{UAR: spread(42.684, 1.5), WAR: spread(53.08, 0.25)},
				Paper: []recipe.Published{{Dataset: "B", UAR: 1, WAR: 2}}},
			{Name: "s4d", Parameters: 2_000_000, ActiveParameters: 1_000_000, Static: &ablate.Recalls{UAR: spread(7, 0), WAR: spread(8, 0)},
				Paper: []recipe.Published{{Dataset: "A", UAR: 3, WAR: 4}}},
		}}
	var b bytes.Buffer
	printAblation(&console{stdout: &checked{Writer: &b}}, r)
	require.Equal(t, `row  parameters (M)           static UAR / WAR            dynamic UAR / WAR     paper: B     paper: A
vit     0.99 / 1.23                          -  42.68 ± 1.50 / 53.08 ± 0.25  1.00 / 2.00            -
s4d     1.00 / 2.00  7.00 ± 0.00 / 8.00 ± 0.00                            -            -  3.00 / 4.00

Models: mean ± standard deviation of 2 seeds
fine-tuned on 31 videos of a.csv, 9 images of drawn faces
measured on 8 videos of b.csv
parameters: those that a token uses / all; paper: S4D Table V, measured on the datasets that its columns name
`, b.String())
	r.Rows[1].PretrainingMACs, r.Rows[0].PublishedTFLOPs = new(12_345e9), new(1.75e6)
	b.Reset()
	printAblation(&console{stdout: &checked{Writer: &b}}, r)
	require.Regexp(t, "(?m)^row .* pre-training \\(GMAC\\)  paper: pre-training \\(TFLOPs\\)     paper: B", b.String())
	require.Regexp(t, "(?m)^vit .* -  +1.75e\\+06  1.00 / 2.00", b.String())
	require.Regexp(t, "(?m)^s4d .* 1.23e\\+04  +-  ", b.String())
	r.Finetune[2].Set = "test" // as a recipe with train.best_on_test calls it
	b.Reset()
	printAblation(&console{stdout: &checked{Writer: &b}}, r)
	require.Contains(t, b.String(), "\nmeasured on 8 videos of b.csv\n")
	r.Seeds = r.Seeds[:1]
	r.Rows[0].Dynamic.UAR.Values, r.Rows[0].Dynamic.WAR.Values = []float64{1}, []float64{2}
	b.Reset()
	printAblation(&console{stdout: &checked{Writer: &b}}, r)
	require.Contains(t, b.String(), "42.68 / 53.08 ")
	require.Contains(t, b.String(), "\nModels: one run, of seed 3\n")
}
