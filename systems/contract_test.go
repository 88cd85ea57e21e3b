package systems

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
	"mien/train"
)

// outcome is what a run computed.
type outcome struct {
	steps      []train.Step
	logits     [][]float32 // after each epoch
	checkpoint []byte
}

func runOn(t *testing.T, b engine.Backend, system string, recompute bool) (o outcome) {
	x := newTrainee(t, b, tiny[system])
	x.loop.Recompute = recompute
	x.loop.OnEpoch = func(context.Context, int) error {
		o.logits = append(o.logits, x.logits(t))
		return nil
	}
	require.NoError(t, x.loop.Run(t.Context(), 0))
	o.steps, o.checkpoint = x.steps, x.checkpoint(t)
	return o
}

// Training relies neither on work being done at once nor on memory that was given back: on a backend that defers all it may, every
// system learns the same, to the bit, with and without recomputing.
func TestTrainingOnADeferredBackend(t *testing.T) {
	const seeds = 50
	for _, s := range All {
		want := runOn(t, cpu.New(), s.Name, false)
		require.Len(t, want.steps, tinyEpochs*tinySteps)
		require.Equal(t, want, runOn(t, cpu.New(), s.Name, true), "%s recomputed", s.Name)
		for seed := range uint64(seeds) {
			for _, recompute := range []bool{false, true} {
				got := runOn(t, enginetest.NewDeferred(cpu.New(), seed), s.Name, recompute)
				require.Equal(t, want, got, "%s, seed %d, recompute %v", s.Name, seed, recompute)
			}
		}
	}
}
