package autograd_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
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

// TestBiasGradientBesideThatOfTheWeight compares linear layers, of which one product computes the gradients of weight and bias, with
// layers whose bias is an op of its own: parameters that several layers share, that are frozen, whose gradient is shared with that of
// another value, and that gather gradients of two batches. Only a bias by itself takes a pass of its own.
func TestBiasGradientBesideThatOfTheWeight(t *testing.T) {
	const rows, in, out = 7, 5, 6
	type layer func(x, w, bias *ag.Value) *ag.Value
	b := enginetest.NewCounting(cpu.New())
	w1, w2 := ag.Param(fill(b, engine.Float64, out, in)), ag.Param(fill(b, engine.Float64, out, in, 1))
	b1, b2 := ag.Param(fill(b, engine.Float64, out)), ag.Param(engine.Filled(b, engine.Float64, 2, out))
	frozenW, frozenB := ag.Constant(fill(b, engine.Float64, out, in)), ag.Constant(fill(b, engine.Float64, out))
	cases := []struct {
		name   string
		passes int // by SumTo
		f      func(x *ag.Value, linear layer) *ag.Value
	}{
		{"one layer", 0, func(x *ag.Value, linear layer) *ag.Value { return linear(x, w1, b1) }},
		{"a shared bias", 0, func(x *ag.Value, linear layer) *ag.Value { return ag.Mul(linear(x, w1, b1), linear(x, w2, b1)) }},
		{"a shared weight", 0, func(x *ag.Value, linear layer) *ag.Value { return ag.Mul(linear(x, w1, b1), linear(x, w1, b2)) }},
		{"a frozen weight", 1, func(x *ag.Value, linear layer) *ag.Value { return linear(x, frozenW, b1) }},
		{"a frozen bias", 0, func(x *ag.Value, linear layer) *ag.Value { return linear(x, w1, frozenB) }},
		{"a shared gradient", 1, func(x *ag.Value, linear layer) *ag.Value {
			return ag.Add(linear(x, w1, b1), ag.Add(b1, x.Tape().Input(fill(b, engine.Float64, out))))
		}},
	}
	for _, c := range cases {
		gradients := func(linear layer) (all [][]float64) {
			for batch := range 2 {
				tape := ag.NewTape(b)
				x, dy := tape.Input(fill(b, engine.Float64, rows, in)), tape.Const(fill(b, engine.Float64, rows, out))
				y := ag.Scale(ag.Sum(ag.Mul(c.f(x, linear), dy)), float64(1+batch))
				b.Reset()
				tape.Backward(y)
				all = append(all, read(t, x.Grad()))
				tape.Close()
			}
			for _, v := range []*ag.Value{w1, w2, b1, b2} {
				if v.Grad() != nil {
					all = append(all, read(t, v.Grad()))
				}
				v.ZeroGrad()
			}
			return all
		}
		composed := gradients(func(x, w, bias *ag.Value) *ag.Value { return ag.Add(ag.Linear(x, w, nil), bias) })
		fused := gradients(ag.Linear)
		require.Equal(t, c.passes, b.Kernels["SumTo"], c.name)
		require.Len(t, fused, len(composed), c.name)
		for i := range composed {
			require.InDeltaSlice(t, composed[i], fused[i], 1e-12, "%s, gradient %d", c.name, i)
		}
	}
}
