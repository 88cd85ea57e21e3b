package run

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
)

// Every fold is trained with all that is given, the same for each: its precision, what it begins with, and as many unreadable samples as it
// may have. What is there is not trained again, and of another precision it is refused.
func TestOptionsOfFolds(t *testing.T) {
	c := cross(t)
	c.Folds, c.Precision, c.Init, c.SkipBad = c.Folds[:2], engine.BF16, evaluatedOnce(t), 1
	list := c.Folds[1].Train.StaticList
	text, err := os.ReadFile(list)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(list, fmt.Appendf(text, "missing.png 1\n"), 0o644))
	report, err := c.Run(t.Context())
	require.NoError(t, err)
	for i, fold := range c.Folds {
		alone := c.Options
		alone.Out, alone.Train, alone.Watch = filepath.Join(t.TempDir(), "run"), fold.Train, &watched{}
		m, err := Train(t.Context(), alone)
		require.NoError(t, err)
		require.Len(t, m.Skipped, i)
		require.Equal(t, tensors(t, filepath.Join(alone.Out, "model.safetensors")), tensors(t, filepath.Join(c.folder(i), "model.safetensors")))
		want, _ := answersOf(t, c, alone.Out, fold.Test)
		require.Equal(t, want, report.Folds[i])
		trained := described(t, Options{Out: c.folder(i)}, "model.safetensors").Trained
		require.Equal(t, 12, trained[data.Image].Drawn, "of --init")
	}
	again, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, report, again)
	other := c // what is measured may order its classes differently, which is said
	other.Folds, other.Observer = slices.Clone(c.Folds), &observed{stop: func() {}}
	videos := videosOf(t, "path,id", data.FERV39K, "anger", "fear")
	other.Folds[1].Test.DynamicList, other.Folds[1].Test.DynamicRoot = videos.DynamicList, videos.DynamicRoot
	require.NoError(t, os.Remove(c.answers(1, data.Video, false)))
	_, err = other.Run(t.Context())
	require.NoError(t, err)
	require.Contains(t, other.Observer.(*observed).notes, "video labels go by the names of classes: list and model order them differently")
	c.Precision = engine.Full
	_, err = c.Run(t.Context())
	require.ErrorContains(t, err, "fold 1: run folder "+c.folder(0)+" belongs to another run: --precision is bf16 there and f32 here")
}
