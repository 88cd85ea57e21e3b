package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/modelfile"
)

// A folder tells of its run before the first step, between, and after the end.
func TestStateOfARun(t *testing.T) {
	dir := t.TempDir()
	state, err := ReadState(dir)
	require.NoError(t, err)
	require.Nil(t, state)
	o := evaluated(t)
	o.Recipe.Name = "own"
	r := prepared(t, o)
	require.NoError(t, r.begin())
	state, err = ReadState(o.Out)
	require.NoError(t, err)
	require.Equal(t, &State{Recipe: o.Recipe, Data: r.sources}, state)
	require.Len(t, r.sources, 6)
	require.NoError(t, os.Remove(filepath.Join(o.Out, logFile)))
	state, err = ReadState(o.Out)
	require.NoError(t, err)
	require.Equal(t, &State{Recipe: o.Recipe}, state)

	o.Resume = true
	metrics, err := Train(t.Context(), o)
	require.NoError(t, err)
	state, err = ReadState(o.Out)
	require.NoError(t, err)
	require.Equal(t, &State{Recipe: o.Recipe, Epochs: 3, Finished: true, Data: r.sources, Metrics: metrics}, state)
	require.NoError(t, os.WriteFile(filepath.Join(o.Out, metricsFile), []byte("{"), 0o644))
	_, err = ReadState(o.Out)
	require.EqualError(t, err, filepath.Join(o.Out, metricsFile)+": unexpected end of JSON input")
	_, err = Train(t.Context(), o)
	require.EqualError(t, err, filepath.Join(o.Out, metricsFile)+": unexpected end of JSON input")
	require.NoError(t, os.WriteFile(filepath.Join(o.Out, recipeFile), []byte("sead = 1"), 0o644))
	_, err = ReadState(o.Out)
	require.EqualError(t, err, filepath.Join(o.Out, recipeFile)+": unknown key sead: did you mean seed?")
}

// A run that lacks its model or its metrics is not finished: it is carried out again.
func TestHalfFinishedRun(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	want := trained(t, o)
	for _, name := range []string{modelfile.Name, metricsFile} {
		require.NoError(t, os.Remove(filepath.Join(o.Out, name)))
		state, err := ReadState(o.Out)
		require.NoError(t, err)
		require.Equal(t, name == metricsFile, state.Finished, "its model is there")
		o.Resume, o.Watch = true, &watched{}
		require.Equal(t, want, trained(t, o))
		require.Len(t, o.Watch.(*watched).steps, 12, "without %s", name)
		require.FileExists(t, filepath.Join(o.Out, metricsFile))
	}
}
