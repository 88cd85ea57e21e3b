package autograd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// The memory that training keeps, in bytes.

// liveAfter returns how many bytes fn adds to those that are live.
func liveAfter(b engine.Backend, fn func()) int {
	before := b.Stats().LiveBytes
	fn()
	return b.Stats().LiveBytes - before
}

// sizeOf returns what a tensor of the shape takes.
func sizeOf(b engine.Backend, dtype engine.DType, shape ...int) (size int) {
	var x *engine.Tensor
	size = liveAfter(b, func() { x = engine.Zeros(b, dtype, shape...) })
	x.Free()
	return size
}

// TestFrozenWeightKeepsNoActivation compares layers with frozen and with trained weights: only these need the layer's input for a
// gradient.
func TestFrozenWeightKeepsNoActivation(t *testing.T) {
	const batch, in, out = 24, 40, 7
	for name, c := range map[string]struct {
		weight []int
		apply  func(h, w *ag.Value) *ag.Value
	}{
		"Linear":    {[]int{out, in}, func(h, w *ag.Value) *ag.Value { return ag.Linear(h, w, nil) }},
		"LinearAdd": {[]int{in, in}, func(h, w *ag.Value) *ag.Value { return ag.LinearAdd(h, w, nil, h) }},
		"LinearGELU": {[]int{out, in}, func(h, w *ag.Value) *ag.Value {
			return ag.LinearGELU(h, w, nil)
		}},
		"MatMul":      {[]int{in, out}, func(h, w *ag.Value) *ag.Value { return ag.MatMul(h, w, false, false) }},
		"MatMul left": {[]int{out, batch}, func(h, w *ag.Value) *ag.Value { return ag.MatMul(w, h, false, false) }},
		"Convolve":    {[]int{out, 3 * in}, func(h, w *ag.Value) *ag.Value { return ag.Convolve(inRow(h), w, nil, threeInRow) }},
		"DepthwiseConvolve": {[]int{1, 1, 3, in}, func(h, w *ag.Value) *ag.Value {
			return ag.DepthwiseConvolve(inRow(h), w, nil, threeInRow)
		}},
		"Mul": {[]int{in}, func(h, w *ag.Value) *ag.Value { return ag.Mul(h, w) }},
		"GroupedLinear": {[]int{out, in}, func(h, w *ag.Value) *ag.Value {
			r := ag.Route(constantLike(h, batch, 1), 1, 0, ag.ByToken)
			return ag.GroupedLinear(h, values{w}, values{constantLike(h, out)}, r)
		}},
	} {
		b := cpu.New()
		live := map[bool]int{}
		for _, frozen := range []bool{false, true} {
			w := ag.Weight(fill(b, engine.Float32, c.weight...))
			if frozen {
				w.Freeze()
			}
			tape := ag.NewTape(b)
			x := tape.Input(fill(b, engine.Float32, batch, in))
			live[frozen] = liveAfter(b, func() {
				tape.Scope(func() values { return values{c.apply(ag.Scale(x, 2), w)} })
			})
			tape.Close()
			w.Free()
		}
		require.Equal(t, sizeOf(b, engine.Float32, batch, in), live[false]-live[true], name)
		require.Zero(t, b.Stats().LiveBytes)
	}
}

func constantLike(x *ag.Value, shape ...int) *ag.Value {
	return x.Tape().Const(fill(x.Data().Backend(), x.Data().DType(), shape...))
}

// TestCheapResultsAreForgotten requires that only the statistics of a norm are kept, and only the input of an activation.
func TestCheapResultsAreForgotten(t *testing.T) {
	b := cpu.New()
	l := newModel(b, engine.Float32, 1).layers[0]
	tape := ag.NewTape(b)
	defer tape.Close()
	x := tape.Input(fill(b, engine.Float32, 20, 16))
	one, statistics := sizeOf(b, engine.Float32, 20, 16), 2*sizeOf(b, engine.Float32, 20)
	for name, c := range map[string]struct {
		want int
		run  func() *ag.Value
	}{
		"norm": {one + statistics, func() *ag.Value { return ag.Linear(ag.LayerNorm(x, l.gamma, l.beta, 1e-6), l.proj, nil) }},
		"before a scope": {one + statistics, func() *ag.Value {
			h := ag.LayerNorm(x, l.gamma, l.beta, 1e-6)
			return tape.Scope(func() values { return values{ag.Linear(h, l.proj, nil)} })[0]
		}},
		"activation": {one + one, func() *ag.Value { return ag.Linear(ag.LinearGELU(x, l.proj, nil), l.proj, nil) }},
		"grouped activation": {one + one + sizeOf(b, engine.Int32, 2), func() *ag.Value {
			r := ag.Route(constantLike(x, 20, 1), 1, 0, ag.ByToken)
			h := ag.GroupedLinearGELU(x, values{l.proj}, values{constantLike(x, 16)}, r)
			return ag.Linear(h, l.proj, nil)
		}},
	} {
		live := liveAfter(b, func() { tape.Scope(func() values { return values{c.run()} }) })
		require.Equal(t, c.want, live, name)
	}
}

// TestRecomputedLayerIsForgotten requires that the backward pass holds one layer at a time in memory.
func TestRecomputedLayerIsForgotten(t *testing.T) {
	b := cpu.New()
	m := newModel(b, engine.Float32, 8)
	tape := ag.NewTape(b)
	defer tape.Close()
	tape.Recompute = true
	x := tape.Const(fill(b, engine.Float32, 2, 5, m.dim))
	for _, l := range m.layers {
		x = tape.Layer(values{x}, func(in values) values { return mlpLayer(l)(in)[:1] })[0]
	}
	loss := ag.Mean(x)
	forward := b.Stats().LiveBytes
	tape.Backward(loss)
	gradients := 0
	for _, p := range m.params() {
		if p.Grad() != nil {
			gradients += sizeOf(b, engine.Float32, p.Shape()...)
		}
	}
	require.Positive(t, gradients)
	require.LessOrEqual(t, b.Stats().LiveBytes, forward+gradients)
	require.Less(t, b.Stats().PeakBytes, forward+gradients+8*sizeOf(b, engine.Float32, 2, 5, 3*m.dim))
}

// TestFrozenLayerKeepsNothing runs layers that need no gradient: the result of each takes the place of its input.
func TestFrozenLayerKeepsNothing(t *testing.T) {
	for _, recompute := range []bool{false, true} {
		b := cpu.New()
		m := newModel(b, engine.Float32, 3)
		for _, p := range m.params() {
			p.Freeze()
		}
		tape := ag.NewTape(b)
		tape.Recompute = recompute
		x := tape.Const(fill(b, engine.Float32, 2, 5, m.dim))
		for range 2 {
			for _, l := range m.layers {
				grown := liveAfter(b, func() {
					x = tape.Layer(values{x}, func(in values) values { return mlpLayer(l)(in)[:1] })[0]
				})
				require.False(t, x.NeedsGrad())
				require.Zero(t, grown, "recompute %v", recompute)
			}
			x = ag.Attention(ag.Concat(2, x, x, x), m.heads)
		}
		loss := ag.Mean(x)
		tape.Backward(loss)
		for _, p := range m.params() {
			require.Nil(t, p.Grad())
		}
		tape.Close()
	}
}

// TestFrozenAboveTrained lets the gradient pass through a frozen layer, and stop below the lowest that is trained.
func TestFrozenAboveTrained(t *testing.T) {
	for _, recompute := range []bool{false, true} {
		b := cpu.New()
		m := newModel(b, engine.Float64, 3)
		trained := m.layers[1]
		for _, p := range m.params() {
			p.Freeze()
		}
		trained.proj = ag.Param(trained.proj.Data())
		m.layers[1] = trained
		tape := ag.NewTape(b)
		tape.Recompute = recompute
		x := tape.Const(fill(b, engine.Float64, 2, 5, m.dim))
		for i, l := range m.layers {
			x = tape.Layer(values{x}, func(in values) values { return mlpLayer(l)(in)[:1] })[0]
			require.Equal(t, i >= 1, x.NeedsGrad())
		}
		tape.Backward(ag.Mean(ag.Mul(x, x)))
		for _, p := range m.params() {
			require.Equal(t, p == trained.proj, p.Grad() != nil)
		}
		tape.Close()
	}
}

// remadeLayer has results that are rematerialised from other such results, each read by two ops, one of them through a view.
func remadeLayer(l layer) func(in values) values {
	return func(in values) values {
		x := in[0]
		h := ag.LayerNorm(x, l.gamma, l.beta, 1e-6)
		wide := ag.LinearGELU(h, l.qkv, l.bias)
		narrow := ag.LinearGELU(h, l.proj, nil)
		product := ag.Mul(narrow, ag.Slice(wide, 2, 8, 24))
		view := ag.Reshape(ag.LayerNorm(narrow, l.gamma, l.beta, 1e-6), 10, 16)
		return values{ag.LinearAdd(ag.Reshape(view, 2, 5, 16), l.proj, nil, product), wide}
	}
}

// TestRemadeResultsComeBack takes steps through layers whose results are rematerialised, some of them after a forward pass alone.
// Live memory and gradients are the same after each, and the gradients also without scopes.
func TestRemadeResultsComeBack(t *testing.T) {
	for name, run := range map[string]func(tape *ag.Tape, x *ag.Value, layer func(in values) values) values{
		"scope": func(tape *ag.Tape, x *ag.Value, layer func(in values) values) values {
			return tape.Scope(func() values { return layer(values{x}) })
		},
		"scope in scope": func(tape *ag.Tape, x *ag.Value, layer func(in values) values) values {
			return tape.Scope(func() values { return tape.Scope(func() values { return layer(values{x}) }) })
		},
		"layer": func(tape *ag.Tape, x *ag.Value, layer func(in values) values) values {
			return tape.Layer(values{x}, layer)
		},
		"recomputed": func(tape *ag.Tape, x *ag.Value, layer func(in values) values) values {
			tape.Recompute = true
			return tape.Layer(values{x}, layer)
		},
	} {
		b := cpu.New()
		m := newModel(b, engine.Float32, 2)
		forward := func(tape *ag.Tape, run func(*ag.Tape, *ag.Value, func(values) values) values) *ag.Value {
			x, extra := tape.Const(fill(b, engine.Float32, 2, 5, m.dim)), values(nil)
			for _, l := range m.layers {
				out := run(tape, x, remadeLayer(l))
				x, extra = out[0], append(extra, out[1])
			}
			return total(ag.Mul(x, x), ag.Mul(extra[0], extra[0]), extra[1])
		}
		gradients := func(run func(*ag.Tape, *ag.Value, func(values) values) values) (grads [][]float64) {
			tape := ag.NewTape(b)
			loss := forward(tape, run)
			poison(b)
			tape.Backward(loss)
			for _, l := range m.layers {
				for _, p := range []*ag.Value{l.gamma, l.beta, l.qkv, l.bias, l.proj} {
					grads = append(grads, read(t, p.Grad()))
				}
			}
			m.zeroGrad()
			tape.Close()
			return grads
		}
		parameters := b.Stats().LiveBytes
		want := gradients(func(_ *ag.Tape, x *ag.Value, layer func(in values) values) values { return layer(values{x}) })
		require.Equal(t, parameters, b.Stats().LiveBytes)
		for range 3 {
			require.Equal(t, want, gradients(run), name)
			require.Equal(t, parameters, b.Stats().LiveBytes, name)
			tape := ag.NewTape(b)
			forward(tape, run)
			tape.Close()
			require.Equal(t, parameters, b.Stats().LiveBytes, "%s, without Backward", name)
		}
	}
}

// TestViewOfRemadeResult returns views of rematerialisable results from a scope: they must not be discarded.
func TestViewOfRemadeResult(t *testing.T) {
	for _, discard := range []string{"normalized", "activated", "view", "both"} {
		b := cpu.New()
		l := newModel(b, engine.Float64, 1).layers[0]
		step := func(scoped bool) (got [][]float64) {
			tape := ag.NewTape(b)
			defer tape.Close()
			x := tape.Input(fill(b, engine.Float64, 2, 5, 16))
			run := func() values {
				h := ag.LayerNorm(x, l.gamma, l.beta, 1e-6)
				y := ag.LinearGELU(h, l.proj, nil)
				return map[string]values{"normalized": {ag.Reshape(h, 10, 16)}, "activated": {ag.Reshape(y, 10, 16)},
					"view": {ag.Reshape(ag.Reshape(y, 160), 10, 16)}, "both": {ag.Reshape(h, 10, 16), y}}[discard]
			}
			out := values(nil)
			if scoped {
				out = tape.Scope(run)
			} else {
				out = run()
			}
			poison(b)
			for _, v := range out {
				got = append(got, read(t, v.Data()))
			}
			last := ag.Reshape(out[len(out)-1], 10, 16)
			tape.Backward(ag.Sum(ag.Mul(ag.Linear(ag.Reshape(out[0], 10, 16), l.proj, nil), last)))
			for _, v := range []*ag.Value{x, l.gamma, l.proj} {
				got = append(got, read(t, v.Grad()))
				v.ZeroGrad()
			}
			return got
		}
		require.Equal(t, step(false), step(true), discard)
	}
}

// TestNormOfComputedScale makes the result of a LayerNorm again whose scale and shift are themselves computed in the scope, and
// discarded.
func TestNormOfComputedScale(t *testing.T) {
	got := map[bool][]float64{}
	for _, scoped := range []bool{false, true} {
		b := cpu.New()
		w, tape := ag.Param(fill(b, engine.Float64, 5, 5)), ag.NewTape(b)
		x := tape.Input(fill(b, engine.Float64, 4, 5))
		s := tape.Input(fill(b, engine.Float64, 1, 5))
		run := func() values {
			gamma, beta := ag.LinearGELU(s, w, nil), ag.LinearGELU(ag.Scale(s, 2), w, nil)
			return values{ag.Linear(ag.LayerNorm(x, ag.Reshape(gamma, 5), ag.Reshape(beta, 5), 1e-6), w, nil)}
		}
		out := values(nil)
		if scoped {
			out = tape.Scope(run)
		} else {
			out = run()
		}
		poison(b)
		tape.Backward(ag.Sum(ag.Mul(out[0], out[0])))
		for _, v := range []*ag.Value{x, s, w} {
			got[scoped] = append(got[scoped], read(t, v.Grad())...)
			v.ZeroGrad()
		}
		tape.Close()
		w.Free()
		require.Zero(t, b.Stats().LiveBytes)
	}
	require.Equal(t, got[false], got[true])
}
