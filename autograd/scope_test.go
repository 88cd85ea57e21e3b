package autograd_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// model is a stack of transformer-like layers, each in a scope, with a mixture of two experts at its end.
type model struct {
	dim, heads int
	layers     []layer
	router     *ag.Value
	experts    []*ag.Value
	biases     []*ag.Value
}

type layer struct{ gamma, beta, qkv, bias, proj *ag.Value }

func newModel(b engine.Backend, dtype engine.DType, depth int) *model {
	const dim = 16
	param := func(shape ...int) *ag.Value { return ag.Param(fill(b, dtype, shape...)) }
	m := &model{dim: dim, heads: 2, router: param(2, dim)}
	for range depth {
		m.layers = append(m.layers, layer{param(dim), param(dim), param(3*dim, dim), param(3 * dim), param(dim, dim)})
	}
	for range 2 {
		m.experts, m.biases = append(m.experts, param(dim, dim)), append(m.biases, param(dim))
	}
	return m
}

func (m *model) params() []*ag.Value {
	all := append(append([]*ag.Value{m.router}, m.experts...), m.biases...)
	for _, l := range m.layers {
		all = append(all, l.gamma, l.beta, l.qkv, l.bias, l.proj)
	}
	return all
}

func (m *model) forward(tape *ag.Tape, x *ag.Value, scoped bool) *ag.Value {
	scope := func(fn func() []*ag.Value) *ag.Value {
		if scoped {
			return tape.Scope(fn)[0]
		}
		return fn()[0]
	}
	for _, l := range m.layers {
		x = scope(func() []*ag.Value {
			inner := scope(func() []*ag.Value {
				h := ag.LayerNorm(x, l.gamma, l.beta, 1e-6)
				return []*ag.Value{ag.Attention(ag.Linear(h, l.qkv, l.bias), m.heads)}
			})
			return []*ag.Value{ag.Add(x, ag.GELU(ag.Linear(inner, l.proj, nil)))}
		})
	}
	return scope(func() []*ag.Value {
		r := ag.Route(ag.Linear(x, m.router, nil), 1, 0, ag.ByToken)
		slots := ag.GroupedLinear(ag.Dispatch(x, r), m.experts, m.biases, r)
		return []*ag.Value{ag.Combine(slots, ag.Gates(ag.Linear(x, m.router, nil), r), r)}
	})
}

func (m *model) zeroGrad() {
	for _, p := range m.params() {
		p.ZeroGrad()
	}
}

// TestMemoryComesBack trains and infers; afterwards only the parameters are live.
func TestMemoryComesBack(t *testing.T) {
	for _, dtype := range dtypes {
		for _, scoped := range []bool{false, true} {
			b := cpu.New()
			m := newModel(b, dtype, 3)
			parameters := b.Stats().LiveBytes
			require.Positive(t, parameters)
			for range 2 {
				tape := ag.NewTape(b)
				tape.Backward(ag.Mean(m.forward(tape, tape.Const(fill(b, dtype, 2, 5, m.dim)), scoped)))
				tape.Close()
				require.Equal(t, 2*parameters, b.Stats().LiveBytes, "parameters and their gradients")
				m.zeroGrad()
				require.Equal(t, parameters, b.Stats().LiveBytes)

				tape = ag.NewInferenceTape(b, engine.Full)
				m.forward(tape, tape.Const(fill(b, dtype, 2, 5, m.dim)), scoped)
				tape.Close()
				require.Equal(t, parameters, b.Stats().LiveBytes, "after inference")

				tape = ag.NewTape(b)
				m.forward(tape, tape.Const(fill(b, dtype, 2, 5, m.dim)), scoped)
				tape.Close()
				require.Equal(t, parameters, b.Stats().LiveBytes, "after a forward pass alone")
			}
		}
	}
}

// TestScopeFrees keeps only results in inference, and less than everything in training.
func TestScopeFrees(t *testing.T) {
	b := cpu.New()
	m := newModel(b, engine.Float32, 4)
	live := func(tape *ag.Tape, scoped bool) int {
		before := b.Stats().LiveBytes
		m.forward(tape, tape.Const(fill(b, engine.Float32, 2, 5, m.dim)), scoped)
		defer tape.Close()
		return b.Stats().LiveBytes - before
	}
	one := b.Stats().LiveBytes
	x := fill(b, engine.Float32, 2, 5, m.dim)
	one = b.Stats().LiveBytes - one
	x.Free()
	inputAndResults := (1 + len(m.layers) + 1) * one
	require.Equal(t, inputAndResults, live(ag.NewInferenceTape(b, engine.Full), true))
	require.Less(t, live(ag.NewTape(b), true), live(ag.NewTape(b), false))
	require.Greater(t, live(ag.NewInferenceTape(b, engine.Full), false), inputAndResults)
}

// TestScopeResults may return what was there before, one value twice, or nothing.
func TestScopeResults(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	x := tape.Input(fill(b, engine.Float64, 3))
	out := tape.Scope(func() []*ag.Value {
		y := ag.Scale(x, 2)
		return []*ag.Value{x, y, y, ag.Reshape(y, 3, 1)}
	})
	require.Empty(t, tape.Scope(func() []*ag.Value { ag.Scale(x, 3); return nil }))
	require.Same(t, x, out[0])
	require.Equal(t, read(t, out[1].Data()), read(t, out[3].Data()))
	tape.Backward(ag.Sum(ag.Mul(out[1], ag.Add(out[2], ag.Reshape(out[3], 3)))))
	require.InDelta(t, 16*read(t, x.Data())[1], read(t, x.Grad())[1], 1e-12)
	x.ZeroGrad()
	tape.Close()
	require.Zero(t, b.Stats().LiveBytes)
}

// TestSameGradientsInScopes frees nothing that a gradient needs: freed memory is overwritten before Backward runs.
func TestSameGradientsInScopes(t *testing.T) {
	for _, dtype := range dtypes {
		var want [][]float64
		for _, scoped := range []bool{false, true} {
			b := cpu.New()
			m := newModel(b, dtype, 3)
			tape := ag.NewTape(b)
			loss := ag.Mean(m.forward(tape, tape.Const(fill(b, dtype, 2, 5, m.dim)), scoped))
			poison(b)
			tape.Backward(loss)
			var got [][]float64
			for _, p := range m.params() {
				got = append(got, read(t, p.Grad()))
			}
			tape.Close()
			if !scoped {
				want = got
			}
			require.Equal(t, want, got)
		}
	}
}

// poison overwrites what waits in the free lists.
func poison(b engine.Backend) {
	var held []*engine.Tensor
	for n := 8; n < 1<<16; n += max(8, n/8) {
		for range 8 {
			x := engine.New(b, engine.Float64, n/8+1)
			b.Fill(x, 1e30)
			held = append(held, x)
		}
	}
	for _, x := range held {
		x.Free()
	}
}

// TestCloseAfterPanic closes a tape on which Backward failed: the panic about shapes is what the caller sees.
func TestCloseAfterPanic(t *testing.T) {
	b := cpu.New()
	var shape *engine.ShapeError
	func() {
		defer func() { shape, _ = recover().(*engine.ShapeError) }()
		tape := ag.NewTape(b)
		defer tape.Close()
		x := tape.Input(fill(b, engine.Float32, 3))
		y := ag.Custom("wrong",
			func(in []*engine.Tensor) *engine.Tensor { return in[0].Retain() },
			func(_, _ *engine.Tensor, _ []*engine.Tensor) []*engine.Tensor { return nil }, ag.Scale(x, 2))
		tape.Backward(ag.Sum(y))
	}()
	require.NotNil(t, shape)
	require.Equal(t, "wrong backward", shape.Op)
}
