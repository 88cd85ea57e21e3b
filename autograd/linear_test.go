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

// TestGELUGradientInTheProduct compares gradients through a GELU that is part of a linear layer, of which the next layer's product
// makes the gradient of the values before it, with those through a GELU of its own: with one reader and with several, some of which
// are no linear layers.
func TestGELUGradientInTheProduct(t *testing.T) {
	const rows, in, hidden, out = 5, 7, 11, 3
	b := cpu.New()
	x, dy := fill(b, engine.Float64, rows, in), fill(b, engine.Float64, rows, out)
	w1, b1 := ag.Param(fill(b, engine.Float64, hidden, in)), ag.Param(fill(b, engine.Float64, hidden))
	w2, w3 := ag.Param(fill(b, engine.Float64, out, hidden)), ag.Param(fill(b, engine.Float64, out, hidden))
	readers := map[string]func(h *ag.Value) *ag.Value{
		"one":                 func(h *ag.Value) *ag.Value { return ag.Linear(h, w2, nil) },
		"two linear layers":   func(h *ag.Value) *ag.Value { return ag.LinearAdd(h, w2, nil, ag.Linear(h, w3, nil)) },
		"a product of itself": func(h *ag.Value) *ag.Value { return ag.Linear(ag.Mul(h, h), w2, nil) },
		"a layer and a sum":   func(h *ag.Value) *ag.Value { return ag.Add(ag.Linear(h, w2, nil), ag.Linear(ag.Add(h, h), w3, nil)) },
	}
	gradients := func(layer func(x *ag.Value) *ag.Value, reader func(h *ag.Value) *ag.Value) (all [][]float64) {
		tape := ag.NewTape(b)
		defer tape.Close()
		input := tape.Input(x.Retain())
		tape.Backward(ag.Sum(ag.Mul(reader(layer(input)), tape.Const(dy.Retain()))))
		for _, v := range []*ag.Value{input, w1, b1, w2, w3} {
			if v.Grad() != nil {
				all = append(all, read(t, v.Grad()))
			}
			v.ZeroGrad()
		}
		return all
	}
	for name, reader := range readers {
		fused := gradients(func(x *ag.Value) *ag.Value { return ag.LinearGELU(x, w1, b1) }, reader)
		composed := gradients(func(x *ag.Value) *ag.Value { return ag.GELU(ag.Linear(x, w1, b1)) }, reader)
		require.Len(t, fused, len(composed), name)
		for i := range composed {
			require.InDeltaSlice(t, composed[i], fused[i], 1e-12, "%s, gradient %d", name, i)
		}
	}
}
