package run

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/modelfile"
	"mien/nn"
	"mien/train"
)

// interrupt starts a run and cancels it, as Ctrl-C does, at a step. No memory is leaked.
func interrupt(t *testing.T, o Options, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := 0
	o.Watch = &watched{step: func() {
		if heard++; heard == step {
			cancel()
		}
	}}
	_, err := Train(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	require.GreaterOrEqual(t, heard, step)
}

// A run that is interrupted in the first epoch, or in the middle or at the end of an epoch, and resumed gives the same bits as
// an uninterrupted one: model, best model, log and metrics.
func TestInterruptedAndResumed(t *testing.T) {
	whole := evaluated(t)
	want := trained(t, whole)
	files := []string{modelfile.Name, bestFile, logFile, metricsFile, recipeFile}
	steps := len(whole.Watch.(*watched).steps) / whole.Recipe.Train.Epochs
	require.GreaterOrEqual(t, steps, 6)
	for _, at := range []int{1, 3, steps, steps + 4, 2 * steps, 3*steps - 1} {
		o := evaluated(t)
		o.Train, o.Validation = whole.Train, whole.Validation
		interrupt(t, o, at)
		log, err := os.ReadFile(filepath.Join(o.Out, logFile))
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(want.log, string(log)), "the log before is the beginning of the log, at step %d", at)
		require.NoFileExists(t, filepath.Join(o.Out, modelfile.Name))
		o.Resume = true
		require.Equal(t, want, trained(t, o), "interrupted at step %d", at)
		for _, name := range files {
			a, err := os.ReadFile(filepath.Join(whole.Out, name))
			require.NoError(t, err)
			b, err := os.ReadFile(filepath.Join(o.Out, name))
			require.NoError(t, err)
			require.True(t, bytes.Equal(a, b), "%s differs, interrupted at step %d", name, at)
		}
	}
}

// A finished run is not trained again.
func TestFinishedRunIsLeft(t *testing.T) {
	o := evaluated(t)
	want := trained(t, o)
	steps := len(o.Watch.(*watched).steps)
	w := &watched{}
	o.Resume, o.Watch = true, w
	require.Equal(t, want, trained(t, o))
	require.Empty(t, w.steps)
	require.Equal(t, []int{steps, steps}, []int{w.total, w.done})
	require.Equal(t, []int{2}, w.evaluated)
}

// A run resumes only with the same recipe, seed, lists and --init; validation sets and recomputation may change.
func TestResumeOfAnother(t *testing.T) {
	base := evaluated(t)
	interrupt(t, base, 12)
	checkpoint, err := os.ReadFile(filepath.Join(base.Out, checkpointFile))
	require.NoError(t, err)
	base.Resume = true
	other := options(t, toy(t, "s4d-tiny"))
	trained(t, other)
	for name, change := range map[string]func(o *Options){
		"seed":   func(o *Options) { o.Recipe.Seed++ },
		"recipe": func(o *Options) { o.Recipe.Train.LR *= 2 },
		"size":   func(o *Options) { o.Recipe.Model.Dim = 24 },
		"list":   func(o *Options) { o.Train = faceList(t, 2) },
		"init":   func(o *Options) { o.Init = other.Out },
		"no list": func(o *Options) {
			o.Train.StaticList, o.Train.StaticRoot = "", ""
		},
	} {
		o := base
		change(&o)
		_, err := Train(t.Context(), o)
		require.EqualError(t, err, "run folder "+o.Out+" belongs to another recipe, seed, list, --init or --precision: resume with the same ones, or give another --out", name)
		after, err := os.ReadFile(filepath.Join(o.Out, checkpointFile))
		require.NoError(t, err)
		require.True(t, bytes.Equal(checkpoint, after), name)
	}
	o := base
	o.Resume = false
	_, err = Train(t.Context(), o)
	require.ErrorContains(t, err, "is not empty: give --resume to continue that run")
	o = base
	o.Recompute, o.Validation = true, faceList(t, 3)
	require.NoError(t, os.Remove(filepath.Join(o.Out, recipeFile))) // the checkpoint itself identifies its run
	trained(t, o)
	require.FileExists(t, filepath.Join(o.Out, recipeFile))
}

// A checkpoint that does not say which run it belongs to belongs to none.
func TestResumeOfACheckpointOfNoRun(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	params := nn.NewScope(o.Backend, engine.Float32, nn.Random{})
	params.Param("weight", nn.Ones, 3)
	r := &run{Options: o, folder: folder{dir: t.TempDir()}, params: params.Params()}
	r.optimizer = train.NewAdamW(o.Backend, r.params, 0.99, func(string, []int) (lrScale, decay float64) { return 1, 0 })
	for digest, want := range map[string]bool{"": false, "other": false, o.digest(): true} {
		require.NoError(t, train.Save(r.folder.path(checkpointFile), r.params, r.optimizer, train.Progress{Epoch: 1, Recipe: digest}))
		if err := r.restore(); want {
			require.NoError(t, err)
		} else {
			require.Equal(t, r.folder.foreign(), err, "%q", digest)
		}
	}
}
