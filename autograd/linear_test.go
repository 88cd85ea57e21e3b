package autograd_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// TestFusedLinear compares the fused forms with the ops they replace, with plain and with packed weights, which gives the
// same bits.
func TestFusedLinear(t *testing.T) {
	const rows, in, out = 13, 70, 130
	b, rng := cpu.New(), rand.New(rand.NewPCG(1, 2))
	random := func(shape ...int) *engine.Tensor {
		values := make([]float32, engine.Elements(shape))
		for i := range values {
			values[i] = float32(rng.NormFloat64())
		}
		return engine.FromSlice(b, engine.Float32, values, shape...)
	}
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	x, residual, bias := tape.Const(random(rows, in)), tape.Const(random(rows, out)), ag.Param(random(out))
	w := ag.Param(random(out, in))
	packed := ag.Packed(b.PackWeight(w.Data(), engine.Full), engine.Float32)
	require.Equal(t, w.Shape(), packed.Shape())

	linear := ag.Linear(x, w, bias)
	require.InDeltaSlice(t, read(t, ag.GELU(linear).Data()), read(t, ag.LinearGELU(x, w, bias).Data()), 1e-5)
	require.InDeltaSlice(t, read(t, ag.Add(linear, residual).Data()), read(t, ag.LinearAdd(x, w, bias, residual).Data()), 1e-5)
	require.Equal(t, read(t, linear.Data()), read(t, ag.Linear(x, packed, bias).Data()))
	require.Equal(t, read(t, ag.LinearGELU(x, w, bias).Data()), read(t, ag.LinearGELU(x, packed, bias).Data()))
	require.Equal(t, read(t, ag.LinearAdd(x, w, bias, residual).Data()), read(t, ag.LinearAdd(x, packed, bias, residual).Data()))
	require.Panics(t, func() { ag.LinearAdd(x, w, bias, x) }, "a residual of another shape")
	recording := ag.NewTape(b)
	defer recording.Close()
	require.Panics(t, func() { ag.Linear(recording.Input(random(rows, in)), packed, bias) }, "no gradient can flow through")
}
