package experiment

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/recipe"
	"mien/train"
)

// The confusion matrix of many classes is a long line; a line that a kill cut off is no error.
func TestReadLog(t *testing.T) {
	f := &folder{dir: t.TempDir()}
	require.NoError(t, f.startLog(0, 1))
	defer f.close()
	want := logEntry{Epoch: 1, Metrics: &Report{Static: &Score{Confusion: train.NewConfusion(300)}}}
	require.NoError(t, f.logLine(want))
	_, err := f.log.WriteString(`{"epoch":2,"st`)
	require.NoError(t, err)
	got, err := readLog(f.dir)
	require.NoError(t, err)
	require.Equal(t, []logEntry{want}, got)
}

// quiet shows nothing; it calls step after each one.
type quiet struct{ step func() }

func (quiet) Start(int, int)                   {}
func (q quiet) Step(train.Step, data.Modality) { q.step() }
func (quiet) Evaluated(int, *Report)           {}
func (quiet) Note(string)                      {}

// tiny is a fine-tuning of one epoch.
func tiny(t *testing.T) Options {
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	r.Train.Epochs = 1
	return Options{Recipe: r, Out: filepath.Join(t.TempDir(), "run"), Watch: quiet{func() {}}}
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
	_, err := Finetune(t.Context(), o)
	require.ErrorContains(t, err, "log.jsonl: invalid character")
	require.FileExists(t, filepath.Join(o.Out, modelFile))
}
