package train

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
)

// learn trains a small network to classify points by their side of a curve, and returns its losses.
func learn(t *testing.T, p engine.Precision) (losses []float64) {
	const points = 40
	b := cpu.New()
	rng := rand.New(rand.NewPCG(1, 1))
	x, targets := make([]float32, points*2), make([]float32, points*2)
	for i := range points {
		u, v := rng.Float32()*2-1, rng.Float32()*2-1
		class := 0
		if v > u*u*u {
			class = 1
		}
		x[2*i], x[2*i+1], targets[2*i+class] = u, v, 1
	}
	s := nn.NewScope(b, engine.Float32, nn.Random{Seed: 1})
	first, second := nn.NewLinear(s.Sub("first"), 2, 24, nn.XavierUniform), nn.NewLinear(s.Sub("second"), 24, 2, nn.XavierUniform)
	l := &Loop[place]{
		Backend: b, Epochs: 1, Steps: 150, Batches: places(150), Precision: p, Schedule: func(int) float64 { return 0.03 },
		Optimizer: NewAdamW(b, s.Params(), 0.99, plain),
		Loss: func(t *ag.Tape, _ place) *ag.Value {
			h := first.ForwardGELU(t.Const(engine.FromSlice(b, engine.Float32, x, points, 2)))
			return ag.CrossEntropy(second.Forward(h), t.Const(engine.FromSlice(b, engine.Float32, targets, points, 2)))
		},
		OnStep:  func(s Step, _ place) error { losses = append(losses, s.Loss); return nil },
		OnEpoch: func(context.Context, int) error { return nil },
	}
	require.NoError(t, l.Run(t.Context(), 0))
	return losses
}

// Training with products in bfloat16 also converges, and differs from float32.
func TestTrainingInBF16(t *testing.T) {
	full, low := learn(t, engine.Full), learn(t, engine.BF16)
	require.Less(t, full[149], 0.1)
	require.Less(t, low[149], 0.1)
	require.InEpsilon(t, full[0], low[0], 0.02)
	require.NotEqual(t, full[0], low[0], "the forward pass rounds")
	require.Equal(t, full, learn(t, engine.Full))
	require.Equal(t, low, learn(t, engine.BF16))
}

// Training at int8 is not supported: backends refuse it before a run begins, and no step silently uses another precision.
func TestNoTrainingInInt8(t *testing.T) {
	b := cpu.New()
	for _, p := range []engine.Precision{engine.Full, engine.BF16} {
		require.NoError(t, b.Supports(p, true))
	}
	require.ErrorContains(t, b.Supports(engine.Int8, true), "cannot train at int8, which has no gradients: choose f32 or bf16")
	require.Panics(t, func() { learn(t, engine.Int8) })
}
