package ablate

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/recipe"
)

// Studies that have runs in common.

// with returns the study with other rows, under another name, in a folder beside that of the first.
func (s Study) with(name string, rows ...recipe.Row) Study {
	s.Ablation.Name, s.Ablation.Rows = name, rows
	s.Out = filepath.Join(filepath.Dir(s.Out), name)
	return s
}

// Of several studies, each run is carried out once, in the folder of the first that has it, and counts in the tables of all; the models
// are those of studies alone, whether they are interrupted or not.
func TestStudiesShareRuns(t *testing.T) {
	first := blinks(t, 5, 2)
	row := func(name string, finetune map[string]any) recipe.Row {
		return recipe.Row{Name: name, Pretrain: map[string]any{"train": map[string]any{"dynamic_share": 0}}, Finetune: finetune}
	}
	second := first.with("winks", row("two", map[string]any{"model": map[string]any{"experts": 2}}), row("again", nil))
	first.Only = []string{"images"}
	heard := [2]int{} // steps of each study
	w, w2 := &watched{step: func() { heard[0]++ }}, &watched{step: func() { heard[1]++ }}
	first.Observer, second.Observer = w, w2
	alone := second
	alone.Out, alone.Observer = filepath.Join(t.TempDir(), "alone"), &watched{}
	want, err := alone.alone(t.Context())
	require.NoError(t, err)
	results, err := Run(t.Context(), first, second)
	require.NoError(t, err)
	require.Equal(t, []string{
		"blinks images 5 pretrain, 0 of 6", "blinks images 5 finetune, 1 of 6", "blinks images 2 pretrain, 2 of 6", "blinks images 2 finetune, 3 of 6",
	}, w.runs)
	require.Equal(t, []string{"winks two 5 finetune, 4 of 6", "winks two 2 finetune, 5 of 6"}, w2.runs)
	require.Equal(t, [2]int{2 * (6 + 12), 2 * 12}, heard, "each study hears its own runs")
	require.Equal(t, want, results[1])
	for i, s := range []Study{first, second} {
		var written Result
		text, err := os.ReadFile(filepath.Join(s.Out, "ablation.json"))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &written))
		require.Equal(t, results[i], &written, "each in its folder")
	}
	require.Equal(t, results[0].Rows[0].Static, results[1].Rows[1].Static, "the row again is the row images")
	require.NotEqual(t, results[1].Rows[0].Static, results[1].Rows[1].Static)
	require.Positive(t, *results[1].Rows[1].PretrainingMACs)
	require.Len(t, models(t, first.Out), 4)
	lone, shared := models(t, alone.Out), models(t, second.Out)
	require.Len(t, lone, 6)
	require.Len(t, shared, 2)
	for name, digest := range shared {
		require.Equal(t, lone[name], digest)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun := []Study{first.with("a", first.Ablation.Rows...), second.with("b", second.Ablation.Rows...)}
	steps := 0
	for i := range begun {
		begun[i].Observer = &watched{step: func() {
			if steps++; steps == 60 { // of 4 times 6 and 12, and then 2 times 12
				cancel()
			}
		}}
	}
	_, err = Run(ctx, begun...)
	require.ErrorIs(t, err, context.Canceled)
	for i := range begun {
		begun[i].Resume, begun[i].Observer = true, &watched{}
	}
	got, err := Run(t.Context(), begun...)
	require.NoError(t, err)
	require.Equal(t, results[1].Rows, got[1].Rows)
	require.Equal(t, shared, models(t, begun[1].Out))

	second.Only = []string{"none"}
	_, err = Run(t.Context(), first, second)
	require.EqualError(t, err, "ablation winks: --only none: ablation winks has the rows two, again")
}
