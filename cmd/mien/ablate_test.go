package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/ablate"
	"mien/data"
	"mien/engine"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// An interrupted ablation says how far it is and how to go on.
func TestInterruptedAblation(t *testing.T) {
	patient(t)
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

// A flag that says how to carry out an ablation needs a folder for it.
func TestAblationWithoutAFolder(t *testing.T) {
	for _, flag := range []string{"--resume", "--only=dual", "--seeds=3", "--init=run", "--epochs=1", "--pretrain-epochs=1", "--recompute", "--precision=bf16",
		"--json", "--skip-bad=1", "--landmarks=points.safetensors", "--static-root=faces", "--pretrain-dynamic-list=clips.csv", "--val-static-list=faces.txt"} {
		code, stdout, stderr := mien("ablate", "pretraining", flag)
		require.Equal(t, []any{misused, ""}, []any{code, stdout}, flag)
		require.Equal(t, "mien: --out is missing: the folder in which the ablation is carried out\n", stderr)
	}
}

// An ablation ends with its table, a chart and a page; several have a folder each, and one page.
func TestAblationPage(t *testing.T) {
	t.Chdir("../../ablate") // whose ablation names recipes from there
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/ablation.toml")
	require.NoError(t, err)
	other := filepath.Join(dir, "other.toml")
	head, _, _ := strings.Cut(string(text), "[[row]]")
	require.NoError(t, os.WriteFile(other, []byte(strings.NewReplacer("blinks", "winks", "Blinks", "Winks").Replace(head)+
		"[[row]]\nname = 'none'\nscratch = true\n[[row]]\nname = 'two'\nscratch = true\nfinetune.model.experts = 2\n"), 0o644))
	one := filepath.Join(dir, "one")
	code, stdout, stderr := mien("ablate", "testdata/ablation.toml", "--only", "scratch", "--out", one, "--seeds", "4,6")
	require.Zero(t, code, stderr)
	require.Regexp(t, `(?s)^row .*\nscratch .* ± .*\nBlinks: mean ± standard deviation of 2 seeds\n.*\nlook at \S*/one/index.html\n$`, stdout)
	for _, name := range []string{"recalls.png", "recalls.svg", "ablation.json", "index.html"} {
		require.FileExists(t, filepath.Join(one, name))
	}

	both := filepath.Join(dir, "both")
	ablate := func(more ...string) (int, string, string) {
		return mien(append([]string{"ablate", "testdata/ablation.toml", other, "--out", both, "--epochs", "1", "--pretrain-epochs", "1"}, more...)...)
	}
	code, stdout, stderr = ablate()
	require.Zero(t, code, stderr)
	require.Regexp(t, `(?s)Blinks: one run, of seed 0\n.*\n\nrow .*\nnone .*\ntwo .*Winks: one run, of seed 0\n.*\nlook at \S*/both/index.html\n$`, stdout)
	page, err := os.ReadFile(filepath.Join(both, "index.html"))
	require.NoError(t, err)
	runs, err := filepath.Glob(filepath.Join(both, "*", "*", "seed-0", "*", "run.json"))
	require.NoError(t, err)
	require.Equal(t, len(runs), strings.Count(stderr, "origin "), "each run of both says what it learns from")
	for _, part := range []string{"<h2>Blinks</h2>", "<h2>Winks</h2>", "<th>dynamic UAR / WAR</th>", "<td>two</td>", `aria-label="Blinks"`, `aria-label="Winks"`, "<p>Winks: one run, of seed 0<br>"} {
		require.Contains(t, string(page), part)
	}
	require.NoFileExists(t, filepath.Join(both, "blinks", "index.html"))
	require.FileExists(t, filepath.Join(both, "winks", "recalls.svg"))
	require.NoDirExists(t, filepath.Join(both, "winks", "none"), "it is the row scratch of the first")

	code, _, stderr = ablate()
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "both/blinks holds an ablation: give --resume to continue it, or another --out")
	require.NoError(t, os.RemoveAll(filepath.Join(both, "winks")))
	code, again, stderr := ablate("--resume")
	require.Zero(t, code, stderr)
	require.Equal(t, stdout, again, "one of them was begun, the other was not")
	code, stdout, stderr = ablate("--resume", "--json")
	require.Zero(t, code, stderr)
	require.Regexp(t, `^\{"format":"mien-ablation-1","name":"blinks",.*\}\n\{"format":"mien-ablation-1","name":"winks",.*\}\n$`, stdout)
	as, err := os.ReadFile(filepath.Join(both, "index.html"))
	require.NoError(t, err)
	require.Equal(t, string(page), string(as), "the page is the same with --json")
}

// What is asked of several ablations and cannot be is refused before anything is written.
func TestSeveralAblationsThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	begun := filepath.Join(dir, "begun")
	require.NoError(t, os.MkdirAll(begun, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(begun, "ablation.toml"), nil, 0o644))
	for want, args := range map[string][]string{
		"--out is missing": {"all"},
		"all stands for every embedded ablation: name it alone, or name some":                 {"all", "joint", "--out", dir + "/x"},
		"--only names rows of one ablation: leave it out, or name one ablation":               {"joint", "top-k", "--only", "top-1", "--out", dir + "/x"},
		"two ablations are called joint: their runs would have one folder":                    {"joint", "joint", "--out", dir + "/x"},
		"holds an ablation of its own: give another --out":                                    {"all", "--out", begun},
		"holds none of these ablations to resume: drop --resume to begin them":                {"all", "--out", dir + "/x", "--resume"},
		`ablation "none": neither a file nor one of components`:                               {"joint", "none", "--out", dir + "/x"},
		"which ablation? name one of components, experts, feadapter-blocks, feadapter-place,": {"--out", dir + "/x"},
	} {
		code, stdout, stderr := mien(append([]string{"ablate"}, args...)...)
		require.NotZero(t, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, want)
		require.NoDirExists(t, dir+"/x")
	}
}

// Each flag reaches its option.
func TestStudyOptions(t *testing.T) {
	b := newCPU()
	defer b.Close()
	c := ablateCmd{Ablations: []string{"position"}, Out: "to", Resume: true, Only: []string{"early", "later"}, Seeds: []uint64{4, 6}, Init: "from",
		Epochs: new(uint(3)), PretrainEpochs: new(uint(5)), Recompute: true, Precision: engine.BF16, skipFlags: skipFlags{7}, landmarkFlag: landmarkFlag{"points"},
		dataFlags: dataFlags{"a", "b", "c", "d"}, Pre: preFlags{"e", "f", "g", "h"}, Val: valFlags{"i", "j", "k", "l"}}
	s, err := c.studies(&console{backend: b})
	require.NoError(t, err)
	a, err := recipe.LoadAblation("position")
	require.NoError(t, err)
	lists := func(static, staticRoot, dynamic, dynamicRoot string) data.Lists {
		return data.Lists{StaticList: static, StaticRoot: staticRoot, DynamicList: dynamic, DynamicRoot: dynamicRoot}
	}
	require.Equal(t, []ablate.Study{{Ablation: a, Only: []string{"early", "later"}, Seeds: []uint64{4, 6},
		Epochs: map[string]int{recipe.Finetune: 3, recipe.Pretrain: 5}, Pretrain: lists("e", "f", "g", "h"),
		Options: run.Options{Backend: b, Train: lists("a", "b", "c", "d"), Validation: lists("i", "j", "k", "l"), Init: "from", Landmarks: "points", Out: "to",
			Resume: true, Recompute: true, Precision: engine.BF16, Memory: memory("/"), SkipBad: 7}}}, s)

	s, err = (&ablateCmd{Ablations: []string{"position"}, Seeds: []uint64{0}}).studies(&console{})
	require.NoError(t, err)
	require.Equal(t, []ablate.Study{{Ablation: a, Seeds: []uint64{0}, Epochs: map[string]int{}, Options: run.Options{Memory: memory("/")}}}, s)
}

// Columns of the paper are there if some row has something for them, and a cell says nothing of what is not known. Curves have a point for
// each row that was measured so.
func TestAblationTable(t *testing.T) {
	spread := func(mean, deviation float64) ablate.Spread {
		return ablate.Spread{Mean: mean, Deviation: deviation, Values: []float64{1, 2}}
	}
	r := &ablate.Result{Title: "Models", Source: "S4D Table V", Seeds: []uint64{3, 1},
		Finetune: []run.Source{{Set: "training", Modality: "video", Origin: "a.csv", Samples: 31, Classes: 7},
			{Set: "warm-up", Modality: "image", Origin: run.DrawnFaces, Samples: 9, Classes: 7},
			{Set: "validation", Modality: "video", Origin: "b.csv", Samples: 8, Classes: 7}},
		Rows: []ablate.Row{
			{Name: "vit", Parameters: 1_234_567, ActiveParameters: 987_654, TunableParameters: 1_234_567, Dynamic: &ablate.Recalls{UAR: spread(42.684, 1.5), WAR: spread(53.08, 0.25)},
				Paper: []recipe.Published{{Dataset: "B", UAR: 1, WAR: 2}}},
			{Name: "s4d", Parameters: 2_000_000, ActiveParameters: 1_000_000, TunableParameters: 2_000_000, Static: &ablate.Recalls{UAR: spread(7, 0), WAR: spread(8, 0)},
				Paper: []recipe.Published{{Dataset: "A", UAR: 3, WAR: 4}}},
		}}
	var b bytes.Buffer
	printAblation(&console{stdout: &checked{Writer: &b}}, comparison(r))
	require.Equal(t, `row  parameters (M)           static UAR / WAR            dynamic UAR / WAR     paper: B     paper: A
vit     0.99 / 1.23                          -  42.68 ± 1.50 / 53.08 ± 0.25  1.00 / 2.00            -
s4d     1.00 / 2.00  7.00 ± 0.00 / 8.00 ± 0.00                            -            -  3.00 / 4.00

Models: mean ± standard deviation of 2 seeds
fine-tuned on 31 videos of a.csv, 9 images of drawn faces
measured on 8 videos of b.csv
parameters: those that a token uses / all; paper: S4D Table V, measured on the datasets that its columns name
`, b.String())
	drawn := comparison(r)
	require.Equal(t, []string{"vit", "s4d"}, drawn.Rows)
	values := []float64{1, 2}
	require.Equal(t, []report.RecallCurve{
		{Name: "static UAR", Modality: data.Image, Points: []report.RecallPoint{{Row: 1, Mean: 7, Values: values}}},
		{Name: "static WAR", Modality: data.Image, Dashed: true, Points: []report.RecallPoint{{Row: 1, Mean: 8, Values: values}}},
		{Name: "dynamic UAR", Modality: data.Video, Points: []report.RecallPoint{{Mean: 42.684, Deviation: 1.5, Values: values}}},
		{Name: "dynamic WAR", Modality: data.Video, Dashed: true, Points: []report.RecallPoint{{Mean: 53.08, Deviation: 0.25, Values: values}}},
	}, drawn.Curves)
	r.Rows[1].PretrainingMACs, r.Rows[0].PublishedTFLOPs = new(12_345e9), new(1.75e6)
	b.Reset()
	printAblation(&console{stdout: &checked{Writer: &b}}, comparison(r))
	require.Regexp(t, "(?m)^row .* pre-training \\(GMAC\\)  paper: pre-training \\(TFLOPs\\)     paper: B", b.String())
	require.Regexp(t, "(?m)^vit .* -  +1.75e\\+06  1.00 / 2.00", b.String())
	require.Regexp(t, "(?m)^s4d .* 1.23e\\+04  +-  ", b.String())
	r.Finetune[2].Set = "test" // as a recipe with train.best_on_test calls it
	b.Reset()
	printAblation(&console{stdout: &checked{Writer: &b}}, comparison(r))
	require.Contains(t, b.String(), "\nmeasured on 8 videos of b.csv\n")
	r.Seeds = r.Seeds[:1]
	r.Rows[0].Dynamic.UAR.Values, r.Rows[0].Dynamic.WAR.Values = []float64{1}, []float64{2}
	b.Reset()
	printAblation(&console{stdout: &checked{Writer: &b}}, comparison(r))
	require.Contains(t, b.String(), "42.68 / 53.08 ")
	require.Contains(t, b.String(), "\nModels: one run, of seed 3\n")
}

// A table without images, of models of which a part is learned, says how much, and has no column of images; what else is to be known of the
// published numbers stands below.
func TestAblationTableOfAdapters(t *testing.T) {
	recalls := func(uar, war float64) *ablate.Recalls {
		return &ablate.Recalls{UAR: ablate.Spread{Mean: uar, Values: []float64{uar}}, WAR: ablate.Spread{Mean: war, Values: []float64{war}}}
	}
	r := &ablate.Result{Title: "Temporal choice", Source: "FE-Adapter Table II", Note: "Two rows are missing.", Seeds: []uint64{4},
		Pretrain: []run.Source{{Set: "training", Modality: "image", Origin: run.DrawnFaces, Samples: 20, Classes: 7},
			{Set: "validation", Modality: "image", Origin: run.DrawnFaces, Samples: 6, Classes: 6}},
		Finetune: []run.Source{{Set: "training", Modality: "video", Origin: run.DrawnReversed, Samples: 31, Classes: 2},
			{Set: "validation", Modality: "video", Origin: run.DrawnReversed, Samples: 8, Classes: 2}},
		Rows: []ablate.Row{
			{Name: "mean", Parameters: 150_000, ActiveParameters: 150_000, TunableParameters: 130, Dynamic: recalls(50, 51)},
			{Name: "whole", Parameters: 160_000, ActiveParameters: 160_000, TunableParameters: 160_000, Dynamic: recalls(90.25, 91.5)},
		}}
	var b bytes.Buffer
	printAblation(&console{stdout: &checked{Writer: &b}}, comparison(r))
	require.Equal(t, `row    parameters (M)  tunable  dynamic UAR / WAR
mean      0.15 / 0.15      130      50.00 / 51.00
whole     0.16 / 0.16   160000      90.25 / 91.50

Temporal choice: one run, of seed 4
pre-trained on 20 images of drawn faces
fine-tuned on 31 videos of drawn onsets and offsets
measured on 8 videos of drawn onsets and offsets
parameters: those that a token uses / all; tunable: those that fine-tuning learns; paper: FE-Adapter Table II, measured on the datasets that its columns name
Two rows are missing.
`, b.String())
	r.Rows[0].Static = recalls(3, 4)
	b.Reset()
	printAblation(&console{stdout: &checked{Writer: &b}}, comparison(r))
	require.Regexp(t, "(?m)^row +parameters \\(M\\) +tunable +static UAR / WAR +dynamic UAR / WAR$", b.String())
	require.Regexp(t, "(?m)^whole .* +- +90.25 / 91.50$", b.String())
}

// All embedded ablations are those that can be carried out with what is given; what is left out is said, with its reason. A named one is
// never left out.
func TestAllAblations(t *testing.T) {
	ask := func(c ablateCmd) (studies []string, stderr string) {
		var b bytes.Buffer
		c.Out, c.Seeds = "to", []uint64{0}
		all, err := c.studies(&console{stderr: &b})
		require.NoError(t, err)
		for _, s := range all {
			require.Equal(t, filepath.Join("to", s.Ablation.Name), s.Out)
			studies = append(studies, s.Ablation.Name)
		}
		return studies, b.String()
	}
	const left = "mien: left out is s2d-components: some of its rows read landmarks: give --landmarks\n"
	without := func(names ...string) []string {
		return slices.DeleteFunc(recipe.Ablations(), func(name string) bool { return slices.Contains(names, name) })
	}
	studies, stderr := ask(ablateCmd{Ablations: []string{"all"}})
	require.Equal(t, without("s2d-components"), studies)
	require.Equal(t, left, stderr)
	studies, stderr = ask(ablateCmd{Ablations: []string{"all"}, landmarkFlag: landmarkFlag{"points"}})
	require.Equal(t, recipe.Ablations(), studies)
	require.Empty(t, stderr)
	studies, stderr = ask(ablateCmd{Ablations: []string{"all"}, dataFlags: dataFlags{DynamicList: "clips.csv"}})
	require.Equal(t, without("s2d-components", "feadapter-blocks", "feadapter-place", "feadapter-temporal"), studies)
	require.Contains(t, stderr, "mien: left out is feadapter-place: it is about drawn onsets and offsets, without --dynamic-list\n")
	require.Equal(t, 4, strings.Count(stderr, "mien: left out is "))
	studies, stderr = ask(ablateCmd{Ablations: []string{"s2d-components", "joint"}})
	require.Equal(t, []string{"s2d-components", "joint"}, studies)
	require.Empty(t, stderr)
}
