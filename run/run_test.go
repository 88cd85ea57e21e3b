package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine/cpu"
	"mien/infer"
	"mien/modelfile"
	"mien/recipe"
	"mien/train"
)

// quiet shows nothing; it calls step after each one.
type quiet struct{ step func() }

func (quiet) Start(int, int)                   {}
func (q quiet) Step(train.Step, data.Modality) { q.step() }
func (quiet) Evaluated(int, *infer.Report)     {}
func (quiet) Note(string)                      {}

// tiny is a fine-tuning of one epoch.
func tiny(t *testing.T) Options {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Train.Epochs = 1
	return Options{Recipe: r, Backend: cpu.New(), Out: filepath.Join(t.TempDir(), "run"), Watch: quiet{func() {}}}
}

// What goes wrong after the last step does not cost the model.
func TestModelIsSavedFirst(t *testing.T) {
	o := tiny(t)
	o.Watch = quiet{func() {
		log, err := os.OpenFile(filepath.Join(o.Out, logFile), os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = log.WriteString("damaged\n")
		require.NoError(t, err)
		require.NoError(t, log.Close())
	}}
	_, err := Train(t.Context(), o)
	require.ErrorContains(t, err, "log.jsonl: invalid character")
	require.FileExists(t, filepath.Join(o.Out, modelfile.Name))
}

// A run that diverges says on what, and saves nothing of it.
func TestDivergedRun(t *testing.T) {
	o := tiny(t)
	o.Recipe.Train.LR, o.Recipe.Train.WarmupEpochs, o.Recipe.Train.Clip = 1e30, 0, 0
	_, err := Train(t.Context(), o)
	require.Error(t, err)
	require.Regexp(t, `^(loss|norm of the gradients) is (NaN|[+-]Inf) in epoch 0, step \d+ \((image|video), learning rate .*\): lower`, err.Error())
	require.NoFileExists(t, filepath.Join(o.Out, checkpointFile))
	require.NoFileExists(t, filepath.Join(o.Out, modelfile.Name))
}
