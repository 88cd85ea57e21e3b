package autograd_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// Layers that are kept and layers that are recomputed must differ in nothing but memory.

type values = []*ag.Value

// step runs a training step on vectors, with layers kept and with layers recomputed, and requires the same bits of the loss and of
// the gradients, which it returns: nil for none. Freed memory is overwritten before Backward, and all memory is freed in the end.
func step(t *testing.T, inputs [][]float64, loss func(tape *ag.Tape, in values) *ag.Value) [][]float64 {
	t.Helper()
	var kept [][]float64
	for _, recompute := range []bool{false, true} {
		b := cpu.New()
		tape := ag.NewTape(b)
		tape.Recompute = recompute
		in := make(values, len(inputs))
		for i, v := range inputs {
			in[i] = tape.Input(engine.FromSlice(b, engine.Float64, v, len(v)))
		}
		l := loss(tape, in)
		got := [][]float64{read(t, l.Data())}
		poison(b)
		tape.Backward(l)
		for _, x := range in {
			if x.Grad() == nil {
				got = append(got, nil)
				continue
			}
			got = append(got, read(t, x.Grad()))
			x.ZeroGrad()
		}
		tape.Close()
		require.Zero(t, b.Stats().LiveBytes, "recompute %v", recompute)
		if !recompute {
			kept = got
		}
		require.Equal(t, kept, got, "loss and gradients, recompute %v", recompute)
	}
	return kept[1:]
}

// constant is a vector on the tape of x, without a gradient.
func constant(x *ag.Value, v ...float64) *ag.Value {
	return x.Tape().Const(engine.FromSlice(x.Data().Backend(), x.Data().DType(), v, len(v)))
}

// total sums all elements of all values.
func total(vs ...*ag.Value) *ag.Value {
	sum := ag.Sum(vs[0])
	for _, v := range vs[1:] {
		sum = ag.Add(sum, ag.Sum(v))
	}
	return sum
}

// TestLossReachesSomeResults uses each choice of a layer's results: the others get no gradient, and do not stop that of these.
func TestLossReachesSomeResults(t *testing.T) {
	layer := func(in values) values {
		return values{ag.Scale(in[0], 2), ag.Mul(in[0], constant(in[0], 5, 7)), ag.Reshape(ag.Scale(in[0], -10), 2, 1)}
	}
	grads := [][]float64{{2, 2}, {5, 7}, {-10, -10}}
	for _, chosen := range [][]int{{0}, {1}, {2}, {0, 1}, {0, 2}, {2, 1}, {2, 1, 0}} {
		want := []float64{0, 0}
		for _, i := range chosen {
			want[0], want[1] = want[0]+grads[i][0], want[1]+grads[i][1]
		}
		got := step(t, [][]float64{{0.5, -3}}, func(tape *ag.Tape, in values) *ag.Value {
			out, used := tape.Layer(in, layer), values{}
			for _, i := range chosen {
				used = append(used, out[i])
			}
			return total(used...)
		})
		require.Equal(t, want, got[0], "results %v", chosen)
	}
}

// TestLayerInScope has inputs that the scope around it made, and frees at its end.
func TestLayerInScope(t *testing.T) {
	got := step(t, [][]float64{{1, 2, -4}}, func(tape *ag.Tape, in values) *ag.Value {
		return total(tape.Scope(func() values {
			x, y := ag.Scale(in[0], 2), ag.Scale(in[0], 3)
			return tape.Layer(values{x, y}, func(in values) values { return values{ag.Mul(in[0], in[1])} })
		})...)
	})
	require.Equal(t, []float64{12, 24, -48}, got[0])
}

// TestLayerInLayer passes the input of an inner layer on, to be used again after it.
func TestLayerInLayer(t *testing.T) {
	square := func(in values) values { return values{ag.Mul(in[0], in[0]), in[0], ag.Scale(in[0], 100)} }
	inner := func(in values) values {
		out := in[0].Tape().Layer(values{ag.Scale(in[0], 3)}, square)
		return values{ag.Add(out[0], out[1]), in[0]} // 9x² + 3x
	}
	outer := func(in values) values {
		out := in[0].Tape().Layer(values{ag.Scale(in[0], -1)}, inner)
		return values{ag.Add(ag.Add(out[0], out[1]), in[0])}
	}
	got := step(t, [][]float64{{1, 2, -4}}, func(tape *ag.Tape, in values) *ag.Value { return total(tape.Layer(in, outer)...) })
	require.Equal(t, []float64{18 - 3, 36 - 3, -72 - 3}, got[0])
}

// TestLayersRunTwice counts how often layers are computed: twice, also those inside of others and those after a Backward.
func TestLayersRunTwice(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	tape.Recompute = true
	runs := [2]int{}
	innermost := func(in values) values { runs[1]++; return values{ag.Mul(in[0], in[0])} }
	layer := func(in values) values {
		runs[0]++
		return in[0].Tape().Layer(values{ag.Scale(in[0], 2)}, innermost)
	}
	for i := range 3 {
		x := tape.Input(fill(b, engine.Float64, 3))
		tape.Backward(total(tape.Layer(values{x}, layer)...))
		require.True(t, tape.Recompute)
		require.Equal(t, [2]int{2 * (i + 1), 2 * (i + 1)}, runs)
	}
}

// TestLayerOfSeveralInputs has inputs with and without a gradient, one of them twice, and one that nothing reads.
func TestLayerOfSeveralInputs(t *testing.T) {
	got := step(t, [][]float64{{1, 2}, {10, 20}, {7, 7}}, func(tape *ag.Tape, in values) *ag.Value {
		x, y, unused := in[0], in[1], in[2]
		c := constant(x, 100, 300)
		out := tape.Layer(values{x, c, y, unused, x}, func(in values) values {
			require.False(t, in[1].NeedsGrad(), "in each run")
			require.True(t, in[0].NeedsGrad() && in[4].NeedsGrad())
			return values{ag.Mul(in[0], in[2]), ag.Mul(in[1], in[4])}
		})
		require.False(t, c.NeedsGrad())
		return total(out...)
	})
	require.Equal(t, [][]float64{{110, 320}, {1, 2}, nil}, got)
}

// TestLayerPassesInputsOn returns inputs among the results, and one result twice.
func TestLayerPassesInputsOn(t *testing.T) {
	got := step(t, [][]float64{{1, 2}, {10, 20}}, func(tape *ag.Tape, in values) *ag.Value {
		out := tape.Layer(in, func(in values) values {
			product := ag.Mul(in[0], in[1])
			return values{in[0], product, in[1], product}
		})
		require.Same(t, in[0], out[0])
		require.Same(t, in[1], out[2])
		return total(ag.Scale(out[0], 3), out[1], ag.Scale(out[2], 2), ag.Scale(out[3], 4))
	})
	require.Equal(t, [][]float64{{3 + 5*10, 3 + 5*20}, {5*1 + 2, 5*2 + 2}}, got)

	got = step(t, [][]float64{{1, 2}}, func(tape *ag.Tape, in values) *ag.Value {
		out := tape.Layer(in, func(in values) values { return in })
		return ag.Add(total(out...), total(in...))
	})
	require.Equal(t, [][]float64{{2, 2}}, got, "nothing but the input")
}

// TestLayerChain puts layers of several results one behind the other.
func TestLayerChain(t *testing.T) {
	got := step(t, [][]float64{{2, 3}, {5, 7}}, func(tape *ag.Tape, in values) *ag.Value {
		for range 3 {
			in = tape.Layer(in, func(in values) values { return values{ag.Add(in[0], in[1]), ag.Scale(in[0], 2)} })
		}
		return total(in[0]) // a and b become a + b and 2a, 3a + b and 2a + 2b, 5a + 3b and 6a + 2b
	})
	require.Equal(t, [][]float64{{5, 5}, {3, 3}}, got)
}

// TestSameDraws draws noise and masks by key in a layer: the second time they are the same.
func TestSameDraws(t *testing.T) {
	const n = 50
	key := engine.Key{Seed: 5, Stream: 6}
	got := step(t, [][]float64{repeat(1, n)}, func(tape *ag.Tape, in values) *ag.Value {
		for i := range 2 {
			in = tape.Layer(in, func(in values) values {
				mask, noise, path := key.Child(3*i), key.Child(3*i+1), key.Child(3*i+2)
				x := ag.Dropout(in[0], 0.5, &mask)
				x = ag.Mul(x, in[0].Tape().Normal(engine.Float64, noise, n))
				return values{ag.DropPath(x, 0.25, &path)}
			})
		}
		return total(in...)
	})
	distinct := map[float64]bool{}
	for _, g := range got[0] {
		distinct[g] = true
	}
	require.Greater(t, len(distinct), 5, "the noise is in the gradient")
}

// TestLayerMayCapture lets a layer read and return what does not come through its inputs: the tape, constants, values and parameters.
func TestLayerMayCapture(t *testing.T) {
	got := step(t, [][]float64{{1, 2}, {10, 20}}, func(tape *ag.Tape, in values) *ag.Value {
		x, captured := in[0], in[1]
		c := constant(x, 3, 4)
		out := tape.Layer(values{x}, func(in values) values {
			noise := tape.Const(engine.FromSlice(tape.Backend(), engine.Float64, []float64{0.5, 0.25}, 2))
			return values{ag.Mul(ag.Mul(in[0], noise), c), ag.Mul(in[0], captured), captured}
		})
		return total(out...)
	})
	require.Equal(t, [][]float64{{1.5 + 10, 1 + 20}, {1 + 1, 2 + 1}}, got)

	for _, recompute := range []bool{false, true} {
		b := cpu.New()
		tape, w := ag.NewTape(b), ag.Param(fill(b, engine.Float64, 2))
		tape.Recompute = recompute
		x := tape.Input(fill(b, engine.Float64, 2))
		want := read(t, x.Data())
		out := tape.Layer(values{x}, func(in values) values { return values{ag.Mul(in[0], w), w} })
		tape.Backward(total(out[0], ag.Mul(out[1], constant(x, 3, 4))))
		require.Equal(t, []float64{3 + want[0], 4 + want[1]}, read(t, w.Grad()), "a parameter among the results")
		tape.Close()
	}
}

// TestPrecisionOfLayers multiplies at the tape's precision when a layer is recomputed.
func TestPrecisionOfLayers(t *testing.T) {
	gradients := map[string][]float64{}
	for _, p := range []engine.Precision{engine.Full, engine.BF16} {
		for _, recompute := range []bool{false, true} {
			b := cpu.New()
			w := ag.Weight(fill(b, engine.Float32, 7, 5))
			tape := ag.NewTape(b)
			tape.Recompute, tape.Precision = recompute, p
			x := tape.Input(fill(b, engine.Float32, 3, 5))
			y := tape.Layer(values{x}, func(in values) values { return values{ag.LinearGELU(in[0], w, nil)} })[0]
			tape.Backward(ag.Sum(ag.Mul(y, y)))
			gradients[fmt.Sprint(p, recompute)] = append(read(t, x.Grad()), read(t, w.Grad())...)
			tape.Close()
		}
	}
	require.Equal(t, gradients["f32 false"], gradients["f32 true"])
	require.Equal(t, gradients["bf16 false"], gradients["bf16 true"])
	require.NotEqual(t, gradients["f32 true"], gradients["bf16 true"])
	require.InDeltaSlice(t, gradients["f32 true"], gradients["bf16 true"], 0.5)
}

// TestPanicInLayer closes a tape after a panic in a recomputed layer, and requires all memory to be freed.
func TestPanicInLayer(t *testing.T) {
	b := cpu.New()
	calls := 0
	func() {
		tape := ag.NewTape(b)
		defer tape.Close()
		tape.Recompute = true
		x := tape.Input(fill(b, engine.Float64, 3))
		defer x.ZeroGrad()
		y := tape.Layer(values{x}, func(in values) values {
			calls++
			h := ag.Mul(in[0], ag.Scale(in[0], 3))
			if calls == 2 {
				panic("second")
			}
			return values{h, ag.Scale(h, 2)}
		})
		require.PanicsWithValue(t, "second", func() { tape.Backward(total(y...)) })
	}()
	require.Zero(t, b.Stats().LiveBytes)
}
