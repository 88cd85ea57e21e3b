package gradcheck_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/gradcheck"
)

// hostUnary is a function on the host, with its derivative.
func hostUnary(f, derivative func(float64) float64) func(*ag.Value) *ag.Value {
	return func(x *ag.Value) *ag.Value {
		return ag.Custom("host",
			func(x tensors) *engine.Tensor {
				v := read(x[0])
				return host(x[0], func(i int) float64 { return f(v[i]) })
			},
			func(dy, _ *engine.Tensor, x tensors) tensors {
				v, g := read(x[0]), read(dy)
				return tensors{host(dy, func(i int) float64 { return g[i] * derivative(v[i]) })}
			}, x)
	}
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func step(x float64) float64 { return max(sign(x), 0) }

// at makes a case of a function of one value at given points.
func at(f func(*ag.Value) *ag.Value, values ...float64) gradcheck.Case {
	return gradcheck.Case{Name: "point", Inputs: []gradcheck.Input{{Name: "x", Shape: []int{len(values)}, Values: values}},
		New: gradcheck.Stateless(func(_ *ag.Tape, in []*ag.Value) []*ag.Value { return []*ag.Value{f(in[0])} })}
}

func TestKink(t *testing.T) {
	abs := hostUnary(math.Abs, sign)
	relu := hostUnary(func(x float64) float64 { return max(x, 0) }, step)
	jump := hostUnary(step, func(float64) float64 { return 0 })
	for _, full := range []int{0, -1} {
		opt := gradcheck.Options{Full: full}
		for _, f := range []func(*ag.Value) *ag.Value{abs, relu, jump} {
			_, err := check(at(f, 1, 2, -3), opt)
			require.NoError(t, err, "away from the kink")
			var kink *gradcheck.Kink
			_, err = check(at(f, 1, 2, 0, -3), opt)
			require.ErrorAs(t, err, &kink)
			require.Equal(t, "x", kink.Tensor)
			require.Equal(t, []int{2}, kink.Index)
			_, err = check(at(f, 1, 1e-4), opt)
			require.ErrorAs(t, err, &kink, "a kink within one step")
		}
	}
	var kink *gradcheck.Kink
	_, err := check(at(abs, 1, 0, 2, 0), gradcheck.Options{})
	require.ErrorAs(t, err, &kink)
	require.Equal(t, []int{1}, kink.Index, "the first of two")
	_, err = check(at(abs, 0), gradcheck.Options{})
	require.EqualError(t, err, "point: no gradient at x[0], output element 0: "+
		"the slope is -1 on one side and 1 on the other; choose other inputs")
}

// TestKinkInManyElements has kinks along random directions only.
func TestKinkInManyElements(t *testing.T) {
	abs := hostUnary(math.Abs, sign)
	values := make([]float64, 5000)
	for i := range values {
		values[i] = 1
	}
	_, err := check(at(abs, values...), gradcheck.Options{})
	require.NoError(t, err)
	for i := range values {
		values[i] = 0
	}
	_, err = check(at(abs, values...), gradcheck.Options{})
	var kink *gradcheck.Kink
	require.ErrorAs(t, err, &kink)
}

// TestWrongBeatsKink reports the error that is certain.
func TestWrongBeatsKink(t *testing.T) {
	_, err := check(at(hostUnary(math.Abs, func(float64) float64 { return 1 }), 0, -2), gradcheck.Options{})
	var wrong *gradcheck.Mismatch
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []int{1}, wrong.Worst.Index)
}

// TestSteepIsNoKink checks functions with large higher derivatives.
func TestSteepIsNoKink(t *testing.T) {
	_, err := check(at(hostUnary(
		func(x float64) float64 { return math.Sin(20 * x) },
		func(x float64) float64 { return 20 * math.Cos(20*x) }), 0.3, 1, -2, math.Pi/40), gradcheck.Options{})
	require.NoError(t, err)
	_, err = check(at(hostUnary(math.Exp, math.Exp), -20, 0, 9), gradcheck.Options{})
	require.NoError(t, err)
}

// TestNoGradientIsNoKink forgets the gradient of a smooth function, whose bend must not be measured against that gradient.
func TestNoGradientIsNoKink(t *testing.T) {
	forgets := hostUnary(func(x float64) float64 { return math.Sin(20 * x) }, func(float64) float64 { return 0 })
	for _, full := range []int{0, -1} {
		_, err := check(at(forgets, 0.3, 1, -2), gradcheck.Options{Full: full})
		var wrong *gradcheck.Mismatch
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, 1.0, wrong.Worst.RelError)
	}
}

func TestTieOfRouting(t *testing.T) {
	c := at(func(s *ag.Value) *ag.Value {
		s = ag.Reshape(s, 1, 3)
		r := ag.Route(s, 1, 0, ag.ByToken)
		return ag.Gather(ag.Reshape(s, 3, 1), r.Choices)
	}, 1, 0.2, 1)
	var kink *gradcheck.Kink
	_, err := check(c, gradcheck.Options{})
	require.ErrorAs(t, err, &kink)
}

func TestNonDeterministic(t *testing.T) {
	key := engine.Key{Seed: 1}
	_, err := check(at(func(x *ag.Value) *ag.Value {
		key.Stream++
		return ag.Dropout(x, 0.5, &key)
	}, 1, 2, 3, 4, 5, 6, 7, 8), gradcheck.Options{})
	var differs *gradcheck.NonDeterministic
	require.ErrorAs(t, err, &differs)
	require.Equal(t, "outputs", differs.What)
	require.NotEqual(t, differs.First, differs.Second)

	calls := 0.0
	_, err = check(at(hostUnary(math.Abs, func(x float64) float64 {
		calls++
		return 1 + calls*1e-15
	}), 1, 2), gradcheck.Options{})
	require.ErrorAs(t, err, &differs)
	require.Equal(t, "gradient of x", differs.What)
	require.ErrorContains(t, err, "point: two passes differ in gradient of x at 0: ")
}

// The first pass counts, too: what it says is where differences begin.
func TestFirstPassDiffers(t *testing.T) {
	passes := 0
	_, err := check(gradcheck.Case{Name: "settling", Inputs: []gradcheck.Input{{Name: "x", Shape: []int{3}}},
		New: gradcheck.Stateless(gradcheck.Unary(func(x *ag.Value) *ag.Value {
			if passes++; passes == 1 {
				return ag.Scale(x, 3)
			}
			return ag.Scale(x, 2)
		}))}, gradcheck.Options{})
	var differs *gradcheck.NonDeterministic
	require.ErrorAs(t, err, &differs)
	require.Equal(t, "outputs", differs.What)
	require.InDelta(t, 1.5, differs.First/differs.Second, 1e-9)
}

// Errors are relative to a thousandth of the largest gradient of the tensor, and to a hundred-thousandth of the largest of all and of the
// outputs, at least.
func TestFloors(t *testing.T) {
	for _, c := range []struct {
		size, slope float64 // of the outputs, and of x[0]; x[1] and z have no gradient
		x, z        float64 // by how much Backward is off
		wrong       string
	}{
		{1e-3, 1, 1e-10, 0, ""}, {1e-3, 1, 1e-8, 0, "x[1]"},
		{1e-3, 1, 0, 1e-12, ""}, {1e-3, 1, 0, 1e-10, "z[0]"},
		{1e3, 0, 0, 1e-9, ""}, {1e3, 0, 0, 1e-7, "z[0]"},
	} {
		op := func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
			return []*ag.Value{ag.Custom("floors", func(v []*engine.Tensor) *engine.Tensor {
				x, err := engine.Read[float64](v[0])
				require.NoError(t, err)
				return engine.FromSlice(v[0].Backend(), engine.Float64, []float64{c.size + c.slope*x[0]}, 1)
			}, func(dy, _ *engine.Tensor, _ []*engine.Tensor) []*engine.Tensor {
				g, err := engine.Read[float64](dy)
				require.NoError(t, err)
				return []*engine.Tensor{engine.FromSlice(dy.Backend(), engine.Float64, []float64{g[0] * c.slope, g[0] * c.x}, 2),
					engine.FromSlice(dy.Backend(), engine.Float64, []float64{g[0] * c.z}, 1)}
			}, in...)}
		}
		_, err := check(gradcheck.Case{Name: "floors", New: gradcheck.Stateless(op), Inputs: []gradcheck.Input{
			{Name: "x", Values: []float64{0x1p-12, 1}, Shape: []int{2}}, {Name: "z", Values: []float64{3}, Shape: []int{1}}}}, gradcheck.Options{})
		if c.wrong == "" {
			require.NoError(t, err, "%+v", c)
			continue
		}
		var wrong *gradcheck.Mismatch
		require.ErrorAs(t, err, &wrong, "%+v", c)
		require.Equal(t, c.wrong, wrong.Worst.Tensor+fmt.Sprint(wrong.Worst.Index))
	}
}

func TestSizeOfOutputsDiffers(t *testing.T) {
	calls := 0
	_, err := check(at(func(x *ag.Value) *ag.Value {
		calls++
		return ag.Slice(x, 0, 0, 1+calls%3)
	}, 1, 2, 3), gradcheck.Options{})
	var shape *engine.ShapeError
	require.ErrorAs(t, err, &shape)
}

// TestNoGrad checks inputs without a gradient: they may enter where no gradient exists.
func TestNoGrad(t *testing.T) {
	c := ofTwo(multiply(func(dy, a, b *engine.Tensor) tensors { return tensors{product(dy, b), nil} }), 3, 4)
	_, err := check(c, gradcheck.Options{})
	require.Error(t, err)
	c.Inputs[1].NoGrad = true
	result, err := check(c, gradcheck.Options{})
	require.NoError(t, err)
	require.Equal(t, 12*12, result.Checked)

	c.Inputs[0].NoGrad = true
	result, err = check(c, gradcheck.Options{})
	require.NoError(t, err, "nothing to check")
	require.Zero(t, result.Checked)

	layer := weighted()
	layer.Inputs[0].NoGrad = true
	found := gradients(t, layer)
	require.Len(t, found, 2)
	require.Equal(t, []string{"outputs", "weight"}, []string{found[0].Name, found[1].Name}, "a constant is the only input")
}

// TestSeveralOutputs finds an error that only the second output has.
func TestSeveralOutputs(t *testing.T) {
	second := multiply(correct)
	c := gradcheck.Case{Name: "outputs", Inputs: []gradcheck.Input{{Shape: []int{2, 2}}, {Shape: []int{2, 2}}},
		New: gradcheck.Stateless(func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
			return []*ag.Value{ag.Sum(in[0]), second(in[0], in[1]), in[0]}
		})}
	for _, full := range []int{0, -1} {
		_, err := check(c, gradcheck.Options{Full: full})
		require.NoError(t, err)
	}
	second = multiply(func(dy, a, b *engine.Tensor) tensors { return tensors{product(dy, b), scaled(product(dy, a), 2)} })
	_, err := check(c, gradcheck.Options{})
	var wrong *gradcheck.Mismatch
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "input 1", wrong.Worst.Tensor, "an input without a name")
	require.GreaterOrEqual(t, wrong.Worst.Output, 1)
	require.Less(t, wrong.Worst.Output, 5)
	_, err = check(c, gradcheck.Options{Full: -1})
	require.ErrorAs(t, err, &wrong)
}

// TestDetached finds an output that drops its gradient.
func TestDetached(t *testing.T) {
	_, err := check(at(func(x *ag.Value) *ag.Value {
		return ag.Add(x, x.Tape().Const(x.Data().Retain()))
	}, 1, 2), gradcheck.Options{})
	var wrong *gradcheck.Mismatch
	require.ErrorAs(t, err, &wrong)
	require.InDelta(t, 2, wrong.Worst.Numeric/wrong.Worst.Analytic, 1e-9)
}

// selfAttention is a layer with parameters that start at 0. The bias of the keys has no influence: softmax sees a constant.
func selfAttention(biasPath func(*ag.Value) *ag.Value) gradcheck.Case {
	const dim, heads = 4, 2
	return gradcheck.Case{Name: "self-attention", Inputs: []gradcheck.Input{{Name: "x", Shape: []int{2, 3, dim}}}, Jitter: 0.3,
		New: func(b engine.Backend, dtype engine.DType) gradcheck.Module {
			param := func(name string, shape ...int) gradcheck.Param {
				return gradcheck.Param{Name: name, Value: ag.Param(engine.Zeros(b, dtype, shape...))}
			}
			weight, query, key, value := param("weight", 3*dim, dim), param("query", dim), param("key", dim), param("value", dim)
			return gradcheck.Module{Params: []gradcheck.Param{weight, query, key, value},
				Forward: func(t *ag.Tape, in []*ag.Value) []*ag.Value {
					empty := t.Const(engine.Zeros(b, dtype, 0)) // parameters alone have no tape
					bias := biasPath(ag.Concat(0, empty, query.Value, key.Value, value.Value))
					return []*ag.Value{ag.Attention(ag.Linear(in[0], weight.Value, bias), heads)}
				}}
		}}
}

func identity(x *ag.Value) *ag.Value { return x }

func TestParameters(t *testing.T) {
	c := selfAttention(identity)
	for _, full := range []int{0, -1} {
		result, err := check(c, gradcheck.Options{Full: full})
		require.NoError(t, err, "the bias of the keys has a gradient of zero")
		require.Equal(t, full == 0, result.Full)
	}

	_, err := check(selfAttention(halfGradient), gradcheck.Options{})
	var wrong *gradcheck.Mismatch
	require.ErrorAs(t, err, &wrong)
	require.Contains(t, []string{"query", "value"}, wrong.Worst.Tensor)
	require.InDelta(t, 0.5, wrong.Worst.Analytic/wrong.Worst.Numeric, 1e-6)
}

// halfGradient is the identity with half its gradient.
func halfGradient(x *ag.Value) *ag.Value {
	return hostUnary(func(x float64) float64 { return x }, func(float64) float64 { return 0.5 })(x)
}

// TestSamePoint draws the same numbers in both dtypes, from streams of their own.
func TestSamePoint(t *testing.T) {
	c := selfAttention(identity)
	low, err := gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU})
	require.NoError(t, err)
	high := gradients(t, c)
	for i := range high {
		require.Equal(t, high[i].Name, low[i].Name)
		require.InDeltaSlice(t, high[i].Values, low[i].Values, 1e-5)
	}
	again := gradients(t, c)
	require.Equal(t, high, again)
	c.Seed++
	require.NotEqual(t, high[0].Values, gradients(t, c)[0].Values)
}

func TestDomain(t *testing.T) {
	c := at(identity)
	for _, within := range [][2]float64{{2, 3}, {-3, 0}, {0, 0.5}} {
		lo, hi, sum := within[0], within[1], 0.0
		c.Inputs[0] = gradcheck.Input{Name: "x", Shape: []int{1000}, Lo: lo, Hi: hi}
		for _, v := range gradients(t, c)[0].Values {
			require.True(t, v >= lo && v <= hi)
			require.Equal(t, v, float64(float32(v)))
			sum += v
		}
		require.InDelta(t, (lo+hi)/2, sum/1000, 0.1*(hi-lo))
	}
	c.Inputs[0] = gradcheck.Input{Name: "x", Shape: []int{2}, Values: []float64{1}}
	_, err := check(c, gradcheck.Options{})
	require.EqualError(t, err, "point: x has 1 values for shape [2]")
	_, err = gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU})
	require.Error(t, err)
}

// TestSample counts what is compared: all up to Full numbers, else two projections, or all outputs if they are up to two, along two
// directions and four elements of each tensor, or all elements if they are up to six.
func TestSample(t *testing.T) {
	square := hostUnary(func(x float64) float64 { return x * x }, func(x float64) float64 { return 2 * x })
	sum := func(x *ag.Value) *ag.Value { return ag.Sum(square(x)) }
	ramp := make([]float64, 101)
	for i := range ramp {
		ramp[i] = float64(i) / 10
	}
	for _, c := range []struct {
		f      func(*ag.Value) *ag.Value
		n      int
		full   int
		pairs  int
		isFull bool
	}{
		{square, 100, 0, 100 * 100, true}, {square, 101, 0, 2 * 6, false}, {square, 100, 199, 2 * 6, false}, {square, 7, 14, 49, true},
		{square, 7, 13, 2 * 6, false}, {square, 6, -1, 2 * 6, false}, {square, 5, -1, 2 * 5, false}, {square, 2, -1, 2 * 2, false},
		{sum, 101, 0, 101, true}, {sum, 101, -1, 6, false}, {sum, 3, -1, 3, false},
	} {
		r, err := check(at(c.f, ramp[:c.n]...), gradcheck.Options{Full: c.full})
		require.NoError(t, err)
		require.Equal(t, gradcheck.Result{Name: "point", Full: c.isFull, Checked: c.pairs, Worst: r.Worst}, r, "%d elements, full up to %d", c.n, c.full)
	}
}
