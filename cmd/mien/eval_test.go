package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine/cpu"
	"mien/infer"
	"mien/run"
)

// Intervals are drawn from the answers of each set, as often as --bootstrap says, with the seed of the model's recipe.
func TestIntervalsOfEval(t *testing.T) {
	out := &console{ctx: t.Context(), stdout: &checked{Writer: io.Discard}, stderr: io.Discard, backend: cpu.New()}
	m, err := infer.Open(untrained(t, out.backend, "model", 4), out.backend, nil)
	require.NoError(t, err)
	defer m.Close()
	m.Recipe.Seed = 9
	sets, err := run.DrawnTest(m.Description)
	require.NoError(t, err)
	r, err := (&evalCmd{Bootstrap: 50}).evaluate(out, m, sets)
	require.NoError(t, err)
	require.Len(t, r.Scores(), 2)
	for _, s := range r.Scores() {
		require.Equal(t, infer.NewBootstrap(7, s.Answers, 50, 9), s.Bootstrap)
		require.NotEqual(t, infer.NewBootstrap(7, s.Answers, 50, 0), s.Bootstrap)
	}
	r, err = (&evalCmd{}).evaluate(out, m, sets)
	require.NoError(t, err)
	require.Nil(t, r.Static.Bootstrap)
}
