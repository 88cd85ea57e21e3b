package autograd_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// TestPrecisionOfProducts rounds the operands of products with weights to bfloat16, in both passes. Other leaves and float64 are
// multiplied as they are.
func TestPrecisionOfProducts(t *testing.T) {
	const rows, in, out = 6, 19, 4
	ops := map[string]func(x, w *ag.Value) *ag.Value{
		"Linear": func(x, w *ag.Value) *ag.Value { return ag.Linear(x, w, nil) },
		"GroupedLinear": func(x, w *ag.Value) *ag.Value {
			return ag.GroupedLinear(x, values{w}, values{constantLike(x, out)}, ag.Route(constantLike(x, rows, 1), 1, 0, ag.ByToken))
		},
	}
	for op, apply := range ops {
		// run returns the result and the gradients of x and of w for the gradient dy.
		run := func(p engine.Precision, x *engine.Tensor, w *ag.Value, dy *engine.Tensor) [3][]float64 {
			tape := ag.NewTape(x.Backend())
			defer tape.Close()
			tape.Precision = p
			input := tape.Input(x.Retain())
			y := apply(input, w)
			tape.Backward(ag.Sum(ag.Mul(y, tape.Const(dy.Retain()))))
			defer input.ZeroGrad()
			defer w.ZeroGrad()
			return [3][]float64{read(t, y.Data()), read(t, input.Grad()), read(t, w.Grad())}
		}
		for _, c := range []struct {
			name   string
			leaf   func(*engine.Tensor) *ag.Value
			dtype  engine.DType
			rounds bool
		}{
			{"weight", ag.Weight, engine.Float32, true},
			{"parameter", ag.Param, engine.Float32, false},
			{"weight in float64", ag.Weight, engine.Float64, false},
		} {
			b := cpu.New()
			x, w, dy := fill(b, c.dtype, rows, in), c.leaf(fill(b, c.dtype, out, in)), fill(b, c.dtype, rows, out)
			full, low := run(engine.Full, x, w, dy), run(engine.BF16, x, w, dy)
			if !c.rounds {
				require.Equal(t, full, low, "%s with a %s", op, c.name)
				continue
			}
			roundedX, roundedW := rounded(t, x), ag.Param(rounded(t, w.Data()))
			forward, backward := run(engine.Full, roundedX, roundedW, dy), run(engine.Full, roundedX, roundedW, rounded(t, dy))
			require.InDeltaSlice(t, forward[0], low[0], 1e-5, "%s", op)
			require.InDeltaSlice(t, backward[1], low[1], 1e-5, "%s: gradient of x", op)
			require.InDeltaSlice(t, backward[2], low[2], 1e-5, "%s: gradient of w", op)
			for i := range full {
				require.NotEqual(t, full[i], low[i], "%s at bf16", op)
			}
		}
	}
}

// rounded returns what is left of x in bfloat16.
func rounded(t *testing.T, x *engine.Tensor) *engine.Tensor {
	v := read(t, x)
	for i := range v {
		bits := math.Float32bits(float32(v[i]))
		v[i] = float64(math.Float32frombits((bits + 0x7fff + bits>>16&1) &^ 0xffff))
	}
	return engine.FromSlice(x.Backend(), x.DType(), v, x.Shape()...)
}

// TestPackedHasItsPrecision multiplies a packed weight at the precision it was packed at, regardless of the tape's.
func TestPackedHasItsPrecision(t *testing.T) {
	b := cpu.New()
	w := ag.Weight(fill(b, engine.Float32, 33, 70))
	full := ag.Packed(b.PackWeight(w.Data(), engine.Full), engine.Float32)
	low := ag.Packed(b.PackWeight(w.Data(), engine.Int8), engine.Float32)
	var want []float64
	for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
		tape := ag.NewInferenceTape(b, p)
		x := tape.Const(fill(b, engine.Float32, 5, 70))
		y := read(t, ag.Linear(x, full, nil).Data())
		if want == nil {
			want = y
		}
		require.Equal(t, want, y, p)
		quantized := read(t, ag.Linear(x, low, nil).Data())
		require.NotEqual(t, want, quantized)
		require.InDeltaSlice(t, want, quantized, 1)
		tape.Close()
	}
}

// precisions is a backend that notes the precision of each attention.
type precisions struct {
	*cpu.Backend
	seen []engine.Precision
}

func (p *precisions) Attention(a engine.AttentionArgs) {
	p.seen = append(p.seen, a.Precision)
	p.Backend.Attention(a)
}

func (p *precisions) AttentionBackward(a engine.AttentionArgs, g engine.AttentionGrads) {
	p.seen = append(p.seen, a.Precision)
	p.Backend.AttentionBackward(a, g)
}

// TestPrecisionOfAttention expects that of the tape in both passes, as the backward pass must recompute the same probabilities.
func TestPrecisionOfAttention(t *testing.T) {
	b := &precisions{Backend: cpu.New()}
	attend := func(x *ag.Value) *ag.Value { return ag.Attention(x, 2) }
	for _, recompute := range []bool{false, true} {
		tape := ag.NewTape(b)
		tape.Precision, tape.Recompute = engine.BF16, recompute
		attend(tape.Const(fill(b, engine.Float32, 1, 3, 12)))
		x := tape.Input(fill(b, engine.Float32, 1, 3, 12))
		y := tape.Layer(values{x}, func(in values) values { return values{attend(in[0])} })
		tape.Backward(ag.Sum(y[0]))
		tape.Close()
	}
	inference := ag.NewInferenceTape(b, engine.BF16)
	attend(inference.Const(fill(b, engine.Float32, 1, 3, 12)))
	inference.Close()
	require.Equal(t, slices.Repeat([]engine.Precision{engine.BF16}, 2*3+1+1), b.seen)
}
