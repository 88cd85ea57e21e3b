package autograd_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
)

// dtypes are the two in which everything must work.
var dtypes = []engine.DType{engine.Float32, engine.Float64}

func read(t *testing.T, x *engine.Tensor) []float64 {
	t.Helper()
	require.NotNil(t, x)
	v, err := engine.Read[float64](x)
	require.NoError(t, err)
	return v
}

// fill makes a tensor of small numbers that no permutation leaves alone.
func fill(b engine.Backend, dtype engine.DType, shape ...int) *engine.Tensor {
	v := make([]float64, engine.Elements(shape))
	for i := range v {
		v[i] = math.Sin(float64(3*i+len(v))) * (1 + float64(i%5)/4)
	}
	return engine.FromSlice(b, dtype, v, shape...)
}

func repeat(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// TestSharedValue adds up the gradients of all uses of a value.
func TestSharedValue(t *testing.T) {
	for name, c := range map[string]struct {
		f    func(x *ag.Value) *ag.Value
		want float64 // derivative of the sum of f
	}{
		"added to itself":      {func(x *ag.Value) *ag.Value { return ag.Add(x, x) }, 2},
		"taken from itself":    {func(x *ag.Value) *ag.Value { return ag.Sub(x, x) }, 0},
		"four times":           {func(x *ag.Value) *ag.Value { y := ag.Add(x, x); return ag.Add(y, y) }, 4},
		"through views":        {func(x *ag.Value) *ag.Value { return ag.Add(ag.Reshape(x, 6), ag.Reshape(x, 6)) }, 2},
		"view and itself":      {func(x *ag.Value) *ag.Value { return ag.Add(ag.Reshape(ag.Reshape(x, 6), 2, 3), x) }, 2},
		"joined":               {func(x *ag.Value) *ag.Value { return ag.Concat(0, x, x, x) }, 3},
		"cut twice":            {func(x *ag.Value) *ag.Value { return ag.Add(ag.Slice(x, 0, 0, 2), ag.Slice(x, 0, 0, 2)) }, 2},
		"used and scaled":      {func(x *ag.Value) *ag.Value { return ag.Add(ag.Scale(x, 3), ag.Add(x, ag.Scale(x, -0.5))) }, 3.5},
		"an unused branch too": {func(x *ag.Value) *ag.Value { ag.Scale(x, 100); return ag.Scale(x, 5) }, 5},
		"broadcast":            {func(x *ag.Value) *ag.Value { return ag.Add(ag.Reshape(x, 2, 1, 3), ag.Reshape(x, 1, 2, 3)) }, 4},
	} {
		for _, dtype := range dtypes {
			b := cpu.New()
			tape := ag.NewTape(b)
			x := tape.Input(fill(b, dtype, 2, 3))
			tape.Backward(ag.Sum(c.f(x)))
			require.InDeltaSlice(t, repeat(c.want, 6), read(t, x.Grad()), 1e-6, name)
			tape.Close()
		}
	}
}

// TestSharedGradientIsNotWritten lets two values share one gradient tensor, and then adds to the gradient of one.
func TestSharedGradientIsNotWritten(t *testing.T) {
	for name, tenfold := range map[string]func(x *ag.Value) *ag.Value{
		"a tensor is added": func(x *ag.Value) *ag.Value { return ag.Scale(x, 10) },
		"a kernel adds":     func(x *ag.Value) *ag.Value { return ag.Scale(ag.Concat(0, x), 10) },
	} {
		b := cpu.New()
		tape := ag.NewTape(b)
		x, y := tape.Input(fill(b, engine.Float64, 4)), tape.Input(fill(b, engine.Float64, 4))
		first := tenfold(x)                                // the last to run backward, for x alone
		tape.Backward(ag.Sum(ag.Add(ag.Add(x, y), first))) // before it, x and y have the same tensor
		require.Equal(t, repeat(11, 4), read(t, x.Grad()), name)
		require.Equal(t, repeat(1, 4), read(t, y.Grad()), name)
		tape.Close()
	}
}

// TestGradientsOfParametersAdd sums over backward passes until ZeroGrad.
func TestGradientsOfParametersAdd(t *testing.T) {
	b := cpu.New()
	w := ag.Param(fill(b, engine.Float32, 3))
	require.True(t, w.NeedsGrad())
	require.Nil(t, w.Tape())
	step := func() {
		tape := ag.NewTape(b)
		defer tape.Close()
		tape.Backward(ag.Sum(ag.Mul(w, tape.Const(engine.FromSlice(b, engine.Float32, []float32{1, 2, 3}, 3)))))
	}
	require.Nil(t, w.Grad())
	step()
	require.Equal(t, []float64{1, 2, 3}, read(t, w.Grad()))
	step()
	require.Equal(t, []float64{2, 4, 6}, read(t, w.Grad()))
	w.ZeroGrad()
	require.Nil(t, w.Grad())
	step()
	require.Equal(t, []float64{1, 2, 3}, read(t, w.Grad()))
}

// TestUse brings parameters into a computation that has no other operand: one that learns has a gradient for each use, a frozen one none.
func TestUse(t *testing.T) {
	b := cpu.New()
	w, frozen := ag.Param(fill(b, engine.Float64, 2, 3)), ag.Param(fill(b, engine.Float64, 3))
	frozen.Freeze()
	tape := ag.NewTape(b)
	used := tape.Use(w)
	require.Equal(t, tape, used.Tape())
	require.Equal(t, read(t, w.Data()), read(t, used.Data()))
	tape.Backward(ag.Sum(ag.Add(ag.Scale(used, 3), ag.Add(ag.Reshape(tape.Use(w), 2, 3), tape.Use(frozen)))))
	require.Equal(t, repeat(4, 6), read(t, w.Grad()))
	require.Nil(t, frozen.Grad())
	tape.Close()
	before := read(t, w.Data())
	inference := ag.NewInferenceTape(b, engine.Full)
	require.False(t, inference.Use(w).NeedsGrad())
	inference.Close()
	require.Equal(t, before, read(t, w.Data()), "the parameter outlives tapes")
}

// TestSliceInPlace cuts what follows one another in memory without a copy, and nothing else.
func TestSliceInPlace(t *testing.T) {
	tape := ag.NewTape(cpu.New())
	defer tape.Close()
	x := tape.Const(fill(tape.Backend(), engine.Float32, 1, 4, 3))
	rows, columns := ag.Slice(x, 1, 1, 3), ag.Slice(x, 2, 1, 3)
	require.True(t, rows.Data().SharesWith(x.Data()))
	require.Equal(t, []int{1, 2, 3}, rows.Shape())
	require.Equal(t, read(t, x.Data())[3:9], read(t, rows.Data()))
	require.False(t, columns.Data().SharesWith(x.Data()))
	require.Equal(t, []int{1, 4, 2}, columns.Shape())
}

// TestLeaves makes and frees each kind of leaf.
func TestLeaves(t *testing.T) {
	b := cpu.New()
	matrix := func() *engine.Tensor { return fill(b, engine.Float32, 3, 4) }
	w := matrix()
	packed := ag.Packed(b.PackWeight(w, engine.Full), engine.Float32)
	w.Free()
	frozen := ag.Param(matrix())
	frozen.Freeze()
	trained := []*ag.Value{ag.Param(matrix()), ag.Weight(matrix())}
	constants := []*ag.Value{ag.Constant(matrix()), frozen, packed}
	tape := ag.NewTape(b)
	x := tape.Const(fill(b, engine.Float32, 2, 4))
	for _, v := range trained {
		require.True(t, v.NeedsGrad())
		require.True(t, ag.Linear(x, v, nil).NeedsGrad())
		tape.Backward(ag.Sum(ag.Linear(x, v, nil)))
		require.NotNil(t, v.Grad())
	}
	for _, v := range constants {
		require.False(t, v.NeedsGrad())
		require.False(t, ag.Linear(x, v, nil).NeedsGrad())
	}
	tape.Close()
	for _, v := range append(trained, constants...) {
		require.Nil(t, v.Tape())
		v.Free()
		require.Nil(t, v.Grad())
	}
	require.Zero(t, b.Stats().LiveBytes)
}

// TestResidualChain goes through many layers y + s·y, whose derivative is (1 + s)ⁿ.
func TestResidualChain(t *testing.T) {
	const depth, s = 40, 0.1
	for _, scoped := range []bool{false, true} {
		b := cpu.New()
		tape := ag.NewTape(b)
		x := tape.Input(fill(b, engine.Float64, 5))
		y := x
		for range depth {
			layer := func() []*ag.Value { return []*ag.Value{ag.Add(y, ag.Scale(y, s))} }
			if scoped {
				y = tape.Scope(layer)[0]
			} else {
				y = layer()[0]
			}
		}
		tape.Backward(ag.Sum(y))
		want := math.Pow(1+s, depth)
		require.InDeltaSlice(t, repeat(want, 5), read(t, x.Grad()), want*1e-13)
		tape.Close()
	}
}

// TestSeveralLosses runs Backward for a second loss that was built after the first.
func TestSeveralLosses(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	defer tape.Close()
	x := tape.Input(fill(b, engine.Float64, 3))
	tape.Backward(ag.Sum(ag.Scale(x, 2)))
	tape.Backward(ag.Sum(ag.Scale(x, 5)))
	require.Equal(t, repeat(7, 3), read(t, x.Grad()))
}

// TestBackwardOfNothing does nothing if no gradient is needed.
func TestBackwardOfNothing(t *testing.T) {
	b := cpu.New()
	for _, tape := range []*ag.Tape{ag.NewTape(b), ag.NewInferenceTape(b, engine.Full)} {
		x := tape.Const(fill(b, engine.Float64, 3))
		loss := ag.Sum(x)
		require.False(t, loss.NeedsGrad())
		tape.Backward(loss)
		require.Nil(t, x.Grad())
		tape.Close()
	}
	require.Zero(t, b.Stats().LiveBytes)
}

// TestCustom checks what the hook lends and what it takes over.
func TestCustom(t *testing.T) {
	b := cpu.New()
	tape := ag.NewTape(b)
	x, c := tape.Input(fill(b, engine.Float64, 3)), tape.Const(fill(b, engine.Float64, 2))
	y := ag.Custom("thrice",
		func(in []*engine.Tensor) *engine.Tensor {
			require.Same(t, x.Data(), in[0])
			require.Same(t, c.Data(), in[1])
			out := engine.New(b, engine.Float64, 3)
			b.Scale(out, in[0], 3)
			return out
		},
		func(dy, y *engine.Tensor, in []*engine.Tensor) []*engine.Tensor {
			require.Equal(t, repeat(1, 3), read(t, dy))
			require.Same(t, x.Data(), in[0])
			dx := engine.New(b, engine.Float64, 3)
			b.Scale(dx, dy, 3)
			return []*engine.Tensor{dx, engine.New(b, engine.Float64, 2)} // the second is not needed
		}, x, c)
	tape.Backward(ag.Sum(y))
	require.Equal(t, repeat(3, 3), read(t, x.Grad()))
	require.Nil(t, c.Grad())
	x.ZeroGrad()
	tape.Close()
	require.Zero(t, b.Stats().LiveBytes)
}

// TestNaN must reach the loss and the gradients of what it was mixed with, and nothing else.
func TestNaN(t *testing.T) {
	nan := math.NaN()
	for name, f := range map[string]func(x *ag.Value) *ag.Value{
		"GELU": ag.GELU, "Softplus": ag.Softplus, "Softmax": ag.Softmax, "LogSoftmax": ag.LogSoftmax,
		"Scale": func(x *ag.Value) *ag.Value { return ag.Scale(x, 0) },
		"Mul":   func(x *ag.Value) *ag.Value { return ag.Mul(x, x) },
		"Linear": func(x *ag.Value) *ag.Value {
			return ag.Linear(x, x.Tape().Const(engine.Zeros(x.Data().Backend(), x.Data().DType(), 4, 20)), nil)
		},
		"LayerNorm": func(x *ag.Value) *ag.Value { return plainLayerNorm(x, 20) },
		"Attention": func(x *ag.Value) *ag.Value {
			return ag.Reshape(ag.Attention(ag.Reshape(ag.Concat(1, x, x, x), 3, 1, 60), 2), 3, 20)
		},
	} {
		for _, dtype := range dtypes {
			b := cpu.New()
			tape := ag.NewTape(b)
			values := read(t, fill(b, dtype, 3, 20))
			values[20+7] = nan // in the middle row
			x := tape.Input(engine.FromSlice(b, dtype, values, 3, 20))
			y := f(x)
			rows, width := read(t, y.Data()), y.Dim(-1)
			tape.Backward(ag.Sum(ag.Mul(y, y)))
			grad := read(t, x.Grad())
			require.True(t, hasNaN(rows[width:2*width]), "%s in %v loses NaN", name, dtype)
			require.True(t, name == "Scale" || name == "Linear" || hasNaN(grad[20:40]), "the gradient of %s in %v loses NaN", name, dtype)
			require.False(t, hasNaN(rows[:width]) || hasNaN(rows[2*width:]) || hasNaN(grad[:20]) || hasNaN(grad[40:]),
				"%s in %v spreads NaN to other rows", name, dtype)
			tape.Close()
		}
	}
}

func hasNaN(v []float64) bool {
	for _, x := range v {
		if x != x {
			return true
		}
	}
	return false
}

func plainLayerNorm(x *ag.Value, width int) *ag.Value {
	b, dtype := x.Data().Backend(), x.Data().DType()
	ones := engine.New(b, dtype, width)
	b.Fill(ones, 1)
	return ag.LayerNorm(x, x.Tape().Const(ones), x.Tape().Const(engine.Zeros(b, dtype, width)), 1e-6)
}
