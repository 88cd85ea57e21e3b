package gradcheck_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/gradcheck"
)

type tensors = []*engine.Tensor

func newCPU() engine.Backend { return cpu.New() }

// check runs Check on the CPU.
func check(c gradcheck.Case, opt gradcheck.Options) (gradcheck.Result, error) {
	opt.Backend = newCPU
	return gradcheck.Check(c, opt)
}

// gradients runs a case once in float64.
func gradients(t *testing.T, c gradcheck.Case) []gradcheck.Tensor {
	t.Helper()
	g, err := gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU, DType: engine.Float64})
	require.NoError(t, err)
	return g
}

// host makes a tensor like x from numbers that f computes on the host.
func host(like *engine.Tensor, f func(i int) float64) *engine.Tensor {
	values := make([]float64, like.Len())
	for i := range values {
		values[i] = f(i)
	}
	return engine.FromSlice(like.Backend(), like.DType(), values, like.Shape()...)
}

func read(x *engine.Tensor) []float64 {
	v, err := engine.Read[float64](x)
	if err != nil {
		panic(err)
	}
	return v
}

// product is a·b elementwise on the host.
func product(a, b *engine.Tensor) *engine.Tensor {
	x, y := read(a), read(b)
	return host(a, func(i int) float64 { return x[i] * y[i] })
}

func scaled(x *engine.Tensor, s float64) *engine.Tensor {
	v := read(x)
	return host(x, func(i int) float64 { return s * v[i] })
}

// multiply is the product of two operands with the given backward.
func multiply(backward func(dy *engine.Tensor, a, b *engine.Tensor) tensors) func(a, b *ag.Value) *ag.Value {
	return func(a, b *ag.Value) *ag.Value {
		return ag.Custom("multiply",
			func(x tensors) *engine.Tensor { return product(x[0], x[1]) },
			func(dy, _ *engine.Tensor, x tensors) tensors { return backward(dy, x[0], x[1]) }, a, b)
	}
}

// matmul is a·b of square matrices with the given backward for a.
func matmul(n int, gradA func(dy, b *engine.Tensor) *engine.Tensor) func(a, b *ag.Value) *ag.Value {
	gemm := func(a, b *engine.Tensor, transA, transB bool) *engine.Tensor {
		c := engine.New(a.Backend(), a.DType(), n, n)
		a.Backend().Gemm(engine.GemmArgs{C: c, A: a, B: b, M: n, N: n, K: n, TransA: transA, TransB: transB,
			LDA: n, LDB: n, LDC: n, Batch: 1})
		return c
	}
	return func(a, b *ag.Value) *ag.Value {
		return ag.Custom("matmul",
			func(x tensors) *engine.Tensor { return gemm(x[0], x[1], false, false) },
			func(dy, _ *engine.Tensor, x tensors) tensors {
				return tensors{gradA(dy, x[1]), gemm(x[0], dy, true, false)}
			}, a, b)
	}
}

func gemmTB(n int, a, b *engine.Tensor) *engine.Tensor {
	c := engine.New(a.Backend(), a.DType(), n, n)
	a.Backend().Gemm(engine.GemmArgs{C: c, A: a, B: b, M: n, N: n, K: n, TransB: true, LDA: n, LDB: n, LDC: n, Batch: 1})
	return c
}

func correct(dy, a, b *engine.Tensor) tensors { return tensors{product(dy, b), product(dy, a)} }

// ofTwo makes a case of a function of two inputs of one shape.
func ofTwo(f func(a, b *ag.Value) *ag.Value, shape ...int) gradcheck.Case {
	return gradcheck.Case{Name: "planted",
		Inputs: []gradcheck.Input{{Name: "a", Shape: shape}, {Name: "b", Shape: shape}},
		New: gradcheck.Stateless(func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
			return []*ag.Value{f(in[0], in[1])}
		})}
}

// TestPlantedErrors plants one wrong backward after another. Each must be caught, as a full Jacobian and by
// projections, with the name of the tensor whose gradient is wrong.
func TestPlantedErrors(t *testing.T) {
	const n = 5
	for _, p := range []struct {
		name   string
		tensor string // "" where the backward is right
		f      func(a, b *ag.Value) *ag.Value
	}{
		{"nothing wrong", "", multiply(correct)},
		{"nothing wrong, matmul", "", matmul(n, func(dy, b *engine.Tensor) *engine.Tensor { return gemmTB(n, dy, b) })},
		{"wrong sign", "a", multiply(func(dy, a, b *engine.Tensor) tensors {
			return tensors{scaled(product(dy, b), -1), product(dy, a)}
		})},
		{"missing factor", "a", func(a, _ *ag.Value) *ag.Value {
			return ag.Custom("square", func(x tensors) *engine.Tensor { return product(x[0], x[0]) },
				func(dy, _ *engine.Tensor, x tensors) tensors { return tensors{product(dy, x[0])} }, a)
		}},
		{"transposed", "a", matmul(n, func(dy, b *engine.Tensor) *engine.Tensor { return gemmTB(n, b, dy) })},
		{"operand not transposed", "a", matmul(n, func(dy, b *engine.Tensor) *engine.Tensor {
			c := engine.New(b.Backend(), b.DType(), n, n)
			b.Backend().Gemm(engine.GemmArgs{C: c, A: dy, B: b, M: n, N: n, K: n, LDA: n, LDB: n, LDC: n, Batch: 1})
			return c
		})},
		{"second use of an input forgotten", "a", func(a, _ *ag.Value) *ag.Value {
			return multiply(func(dy, a, b *engine.Tensor) tensors { return tensors{product(dy, b), nil} })(a, a)
		}},
		{"one of two inputs forgotten", "b", multiply(func(dy, a, b *engine.Tensor) tensors {
			return tensors{product(dy, b), nil}
		})},
		{"zero", "b", multiply(func(dy, a, b *engine.Tensor) tensors { return tensors{product(dy, b), scaled(dy, 0)} })},
		{"dy passed on", "a", multiply(func(dy, a, b *engine.Tensor) tensors { return tensors{dy.Retain(), product(dy, a)} })},
		{"gradients swapped", "a or b", multiply(func(dy, a, b *engine.Tensor) tensors { return tensors{product(dy, a), product(dy, b)} })},
		{"off by 1e-4", "b", multiply(func(dy, a, b *engine.Tensor) tensors {
			return tensors{product(dy, b), scaled(product(dy, a), 1+1e-4)}
		})},
		{"off by 3e-6", "a", multiply(func(dy, a, b *engine.Tensor) tensors {
			return tensors{scaled(product(dy, b), 1-3e-6), product(dy, a)}
		})},
		{"not a number", "a", multiply(func(dy, a, b *engine.Tensor) tensors {
			return tensors{scaled(dy, math.NaN()), product(dy, a)}
		})},
		{"shifted by one element", "a", multiply(func(dy, a, b *engine.Tensor) tensors {
			g := read(product(dy, b))
			return tensors{host(a, func(i int) float64 { return g[(i+1)%len(g)] }), product(dy, a)}
		})},
	} {
		for _, full := range []int{1000, -1} {
			result, err := check(ofTwo(p.f, n, n), gradcheck.Options{Full: full})
			if p.tensor == "" {
				require.NoError(t, err, p.name)
				continue
			}
			var wrong *gradcheck.Mismatch
			require.ErrorAs(t, err, &wrong, p.name)
			require.Equal(t, result.Worst.String(), wrong.Worst.String())
			require.Contains(t, p.tensor, wrong.Worst.Tensor, p.name)
			require.Greater(t, wrong.Worst.RelError, gradcheck.Tolerance)
			require.Equal(t, full > 0, wrong.Worst.Output >= 0)
		}
	}
}

// TestIgnoredSeed plants a gradient that does not depend on that of the result, a single number.
func TestIgnoredSeed(t *testing.T) {
	for _, c := range []struct {
		name string
		grad func(dy float64) float64
	}{
		{"takes it for 1", func(float64) float64 { return 1 }},
		{"takes its size", math.Abs},
		{"takes its sign", sign},
	} {
		_, err := check(at(func(x *ag.Value) *ag.Value {
			return ag.Custom(c.name,
				func(x tensors) *engine.Tensor { return scaled(x[0], 1) },
				func(dy, _ *engine.Tensor, x tensors) tensors {
					g := read(dy)
					return tensors{host(dy, func(i int) float64 { return c.grad(g[i]) })}
				}, x)
		}, 0.5), gradcheck.Options{})
		var wrong *gradcheck.Mismatch
		require.ErrorAs(t, err, &wrong, c.name)
		require.Equal(t, 1.0, math.Round(wrong.Worst.Numeric*1e9)/1e9)
	}
}

// TestFindsTheElement plants one wrong element in a large tensor: a random direction detects it, and bisection finds it, whether there are
// as many outputs, fewer or one.
func TestFindsTheElement(t *testing.T) {
	const rows, columns, at = 40, 50, 1234
	for output, after := range map[string]func(x *ag.Value) *ag.Value{
		"a random projection of the outputs": identity, "output element 0": ag.Sum, "": func(x *ag.Value) *ag.Value { return ag.SumAxis(x, 0) },
	} {
		planted := multiply(func(dy, a, b *engine.Tensor) tensors {
			g := read(product(dy, a))
			g[at] *= 1.5
			return tensors{product(dy, b), host(b, func(i int) float64 { return g[i] })}
		})
		c := ofTwo(func(a, b *ag.Value) *ag.Value { return after(planted(a, b)) }, rows, columns)
		_, err := check(c, gradcheck.Options{})
		var wrong *gradcheck.Mismatch
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, "b", wrong.Worst.Tensor)
		require.Equal(t, []int{at / columns, at % columns}, wrong.Worst.Index)
		require.InDelta(t, 1.5, wrong.Worst.Analytic/wrong.Worst.Numeric, 1e-9)
		require.InDelta(t, 1.0/3, wrong.Worst.RelError, 1e-6)
		require.ErrorContains(t, err, "planted: wrong gradient of b[24 34], "+output)
	}
}

func TestNamesTheElement(t *testing.T) {
	c := ofTwo(multiply(func(dy, a, b *engine.Tensor) tensors {
		g := read(product(dy, b))
		g[4] = 0
		return tensors{host(a, func(i int) float64 { return g[i] }), product(dy, a)}
	}), 2, 3)
	c.Inputs[0].Values = []float64{1, 2, 3, 4, 5, 6}
	c.Inputs[1].Values = []float64{1, 1, 1, 1, 2.5, 1}
	_, err := check(c, gradcheck.Options{})
	require.EqualError(t, err, "planted: wrong gradient of a[1 1], output element 4: "+
		"backward says 0, differences say 2.5 (relative error 1), tolerance 1e-06")
}

// TestWrongShape turns the panic about a gradient's shape into an error.
func TestWrongShape(t *testing.T) {
	for _, grads := range []func(dy *engine.Tensor) tensors{
		func(dy *engine.Tensor) tensors { return tensors{dy.View(3, 2), nil} },
		func(dy *engine.Tensor) tensors { return tensors{dy.Retain()} },
	} {
		_, err := check(ofTwo(multiply(func(dy, _, _ *engine.Tensor) tensors { return grads(dy) }), 2, 3), gradcheck.Options{})
		var shape *engine.ShapeError
		require.ErrorAs(t, err, &shape)
		require.ErrorContains(t, err, "planted: multiply")
	}
}

// TestOtherPanicsPass requires that panics not about shapes stay panics.
func TestOtherPanicsPass(t *testing.T) {
	require.PanicsWithValue(t, "other", func() {
		_, _ = check(ofTwo(func(a, b *ag.Value) *ag.Value { panic("other") }, 1), gradcheck.Options{})
	})
}
