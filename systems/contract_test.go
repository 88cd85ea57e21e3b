package systems

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
	"mien/nn"
	"mien/system"
	"mien/train"
)

// outcome is what a run computed.
type outcome struct {
	steps      []train.Step
	logits     [][]float32 // after each epoch
	checkpoint []byte
}

func runOn(t *testing.T, b engine.Backend, system string, p engine.Precision, recompute bool) (o outcome) {
	x := newTrainee(t, b, tiny[system])
	x.loop.Precision, x.loop.Recompute = p, recompute
	x.loop.OnEpoch = func(context.Context, int) error {
		o.logits = append(o.logits, x.logits(t))
		return nil
	}
	require.NoError(t, x.loop.Run(t.Context(), 0))
	o.steps, o.checkpoint = x.steps, x.checkpoint(t)
	return o
}

// Training relies neither on immediate execution nor on freed memory: on a backend that defers all it may, every system gets
// bit-identical results, with and without recomputing.
func TestTrainingOnADeferredBackend(t *testing.T) {
	seeds := 30
	if testing.Short() {
		seeds = 5
	}
	for _, s := range All {
		for p, seeds := range map[engine.Precision]int{engine.Full: seeds, engine.BF16: 2} {
			want := runOn(t, cpu.New(), s.Name, p, false)
			require.Len(t, want.steps, tinyEpochs*tinySteps)
			require.Equal(t, want, runOn(t, cpu.New(), s.Name, p, true), "%s at %v recomputed", s.Name, p)
			for seed := range uint64(seeds) {
				for _, recompute := range []bool{false, true} {
					got := runOn(t, enginetest.NewDeferred(cpu.New(), seed), s.Name, p, recompute)
					require.Equal(t, want, got, "%s at %v, seed %d, recompute %v", s.Name, p, seed, recompute)
				}
			}
		}
	}
}

// The same holds for inference at every precision, with packed weights and tensors freed early; and no memory is leaked.
func TestInferenceOnADeferredBackend(t *testing.T) {
	answer := func(b engine.Backend, s *system.System, p engine.Precision) (logits []float32) {
		r := tiny[s.Name]
		scope := nn.NewInferenceScope(b, nn.Random{Seed: 4}, p)
		x := &trainee{recipe: r, model: s.Build(scope, r)}
		net, ok := x.model.(system.Classifier)
		if !ok {
			return nil
		}
		for step := range 2 {
			batch := x.batch(0, step)
			tape := ag.NewInferenceTape(b, p)
			values, err := engine.Read[float32](net.Logits(batch.Pixels(tape), batch.Modality, batch.Key("evaluation")).Data())
			require.NoError(t, err)
			logits = append(logits, values...)
			tape.Close()
		}
		scope.Free()
		require.Zero(t, b.Stats().LiveBytes)
		return logits
	}
	for _, s := range All {
		full := answer(cpu.New(), s, engine.Full)
		for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
			want := answer(cpu.New(), s, p)
			require.Equal(t, p == engine.Full || full == nil, slices.Equal(full, want), "%s at %v", s.Name, p)
			for seed := range uint64(10) {
				require.Equal(t, want, answer(enginetest.NewDeferred(cpu.New(), seed), s, p), "%s at %v, seed %d", s.Name, p, seed)
			}
		}
	}
}
