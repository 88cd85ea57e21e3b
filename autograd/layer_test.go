package autograd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// mlpLayer is a layer with every kind of result that is rematerialised, and one more result that needs a gradient.
func mlpLayer(l layer) func(in []*ag.Value) []*ag.Value {
	return func(in []*ag.Value) []*ag.Value {
		x := in[0]
		h := ag.LinearGELU(ag.LayerNorm(x, l.gamma, l.beta, 1e-6), l.qkv, l.bias)
		y := ag.LinearAdd(ag.Reshape(ag.Slice(h, 2, 0, 16), 2, 5, 16), l.proj, nil, x)
		return []*ag.Value{y, ag.Mean(h)}
	}
}

// TestRecompute requires the same bits whether layers are kept or recomputed, and less memory if recomputed.
func TestRecompute(t *testing.T) {
	for _, dtype := range dtypes {
		gradients := map[bool][][]float64{}
		peak := map[bool]int{}
		for _, recompute := range []bool{false, true} {
			b := cpu.New()
			m := newModel(b, dtype, 4)
			tape := ag.NewTape(b)
			tape.Recompute = recompute
			input := tape.Input(fill(b, dtype, 2, 5, m.dim))
			x, extra := input, []*ag.Value(nil)
			for _, l := range m.layers {
				results := tape.Layer([]*ag.Value{x}, mlpLayer(l))
				x, extra = results[0], append(extra, results[1])
			}
			peak[recompute] = b.Stats().LiveBytes
			poison(b)
			loss := ag.Add(ag.Mean(ag.Mul(x, x)), extra[1])
			tape.Backward(loss)
			gradients[recompute] = append(gradients[recompute], read(t, input.Grad()))
			for i, l := range m.layers {
				for _, p := range []*ag.Value{l.gamma, l.beta, l.qkv, l.bias, l.proj} {
					require.NotNil(t, p.Grad(), "layer %d", i)
					gradients[recompute] = append(gradients[recompute], read(t, p.Grad()))
				}
			}
			input.ZeroGrad()
			m.zeroGrad()
			tape.Close()
			for _, p := range m.params() {
				p.Data().Free()
			}
			require.Zero(t, b.Stats().LiveBytes, "everything came back")
		}
		require.Equal(t, gradients[false], gradients[true])
		require.Less(t, peak[true], peak[false])
	}
}

// TestLayerGivesUpItsInput keeps memory flat over the layers of an inference.
func TestLayerGivesUpItsInput(t *testing.T) {
	b := cpu.New()
	m := newModel(b, engine.Float32, 6)
	tape := ag.NewInferenceTape(b, engine.Full)
	other := tape.Const(fill(b, engine.Float32, 3)) // no layer's
	x := tape.Const(fill(b, engine.Float32, 2, 5, m.dim))
	live := b.Stats().LiveBytes
	for _, l := range m.layers {
		x = tape.Layer([]*ag.Value{x}, func(in []*ag.Value) []*ag.Value { return mlpLayer(l)(in)[:1] })[0]
		require.Equal(t, live, b.Stats().LiveBytes)
	}
	same := tape.Layer([]*ag.Value{x}, func(in []*ag.Value) []*ag.Value { return in })[0]
	require.Len(t, read(t, same.Data()), 2*5*m.dim, "a result that is the input stays")
	require.Len(t, read(t, other.Data()), 3)
	tape.Close()
}

// TestLayerGivesUpItsInputs keeps memory flat in an inference whose layers have two inputs and layers inside, and keeps what is still
// used: the input of an outer layer, which an inner one got, until the outer one ends.
func TestLayerGivesUpItsInputs(t *testing.T) {
	b := cpu.New()
	tape := ag.NewInferenceTape(b, engine.Full)
	defer tape.Close()
	in := []*ag.Value{tape.Const(fill(b, engine.Float64, 9)), tape.Const(fill(b, engine.Float64, 9))}
	x, y := read(t, in[0].Data()), read(t, in[1].Data())
	live := b.Stats().LiveBytes
	for range 3 {
		in = tape.Layer(in, func(in []*ag.Value) []*ag.Value {
			sum := tape.Layer(in, func(in []*ag.Value) []*ag.Value { return []*ag.Value{ag.Add(in[0], in[1])} })
			poison(b)
			first, second := ag.Sub(sum[0], in[0]), ag.Sub(in[0], in[1])
			second = tape.Layer([]*ag.Value{second}, func(in []*ag.Value) []*ag.Value { return []*ag.Value{ag.Scale(in[0], 2)} })[0]
			poison(b)
			return []*ag.Value{first, second}
		})
		poison(b)
		require.Equal(t, live, b.Stats().LiveBytes)
		for i := range x {
			x[i], y[i] = x[i]+y[i]-x[i], 2*(x[i]-y[i])
		}
	}
	require.Equal(t, [][]float64{x, y}, [][]float64{read(t, in[0].Data()), read(t, in[1].Data())})
}

// TestRemadeFromRemade discards results that are computed from discarded results, also by way of a view.
func TestRemadeFromRemade(t *testing.T) {
	for _, dtype := range dtypes {
		var want [][]float64
		for _, scoped := range []bool{false, true} {
			b := cpu.New()
			l := newModel(b, dtype, 1).layers[0]
			forward := func(x *ag.Value) []*ag.Value {
				h := ag.LinearGELU(ag.LayerNorm(ag.LayerNorm(x, l.gamma, l.beta, 1e-6), l.gamma, l.beta, 1e-6), l.proj, nil)
				h = ag.LayerNorm(ag.Reshape(h, 2, 5, 16), l.gamma, l.beta, 1e-6)
				return []*ag.Value{ag.Linear(h, l.qkv, l.bias)}
			}
			tape := ag.NewTape(b)
			x := tape.Input(fill(b, dtype, 10, 16))
			var y *ag.Value
			if scoped {
				y = tape.Scope(func() []*ag.Value { return forward(x) })[0]
			} else {
				y = forward(x)[0]
			}
			poison(b)
			tape.Backward(ag.Mean(ag.Mul(y, y)))
			var got [][]float64
			for _, v := range []*ag.Value{x, l.gamma, l.beta, l.qkv, l.bias, l.proj} {
				got = append(got, read(t, v.Grad()))
			}
			tape.Close()
			if !scoped {
				want = got
			}
			require.Equal(t, want, got)
		}
	}
}
