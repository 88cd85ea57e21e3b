package engine_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

func TestTensorReferences(t *testing.T) {
	b := cpu.New()
	x := engine.FromSlice(b, engine.Float32, []float32{1, 2, 3, 4, 5, 6}, 2, 3)
	require.False(t, x.Shared())
	view := x.View(3, 2)
	require.True(t, x.Shared())
	require.Same(t, x, x.Retain())
	x.Free()
	x.Free()
	require.False(t, view.Shared())
	require.Positive(t, b.Stats().LiveBytes, "the view keeps the buffer")
	other := engine.Zeros(b, engine.Float32, 2, 3)
	values, err := engine.Read[float32](view)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2, 3, 4, 5, 6}, values)
	other.Free()
	view.Free()
	require.Zero(t, b.Stats().LiveBytes)
	require.Positive(t, b.Stats().PoolBytes)
	require.Panics(t, view.Free, "freed twice")
	require.NotPanics(t, (*engine.Tensor)(nil).Free)
}

func TestViewSharesElements(t *testing.T) {
	b := cpu.New()
	x := engine.Zeros(b, engine.Float32, 2, 3)
	view := x.View(6)
	b.Fill(view, 7)
	values, err := engine.Read[float64](x)
	require.NoError(t, err)
	require.Equal(t, []float64{7, 7, 7, 7, 7, 7}, values)
	requireShapeError(t, "engine.View: got [4], want 6 elements, as in [2 3]", func() { x.View(4) })
}

func TestTensorShape(t *testing.T) {
	x := engine.New(cpu.New(), engine.Float32, 2, 3, 4)
	require.Equal(t, []int{2, 3, 4}, x.Shape())
	x.Shape()[0] = 99
	require.Equal(t, 2, x.Dim(0), "Shape returns a copy")
	require.Equal(t, 4, x.Dim(-1))
	require.Equal(t, 3, x.Rank())
	require.Equal(t, 24, x.Len())
	require.Equal(t, 6, x.Rows())
	require.Equal(t, "float32[2 3 4]", x.String())
	require.True(t, x.SameShape(engine.New(x.Backend(), engine.Int32, 2, 3, 4)))
	require.False(t, x.SameShape(engine.New(x.Backend(), engine.Float32, 2, 12)))

	scalar := engine.New(x.Backend(), engine.Float64)
	require.Equal(t, 1, scalar.Len())
	require.Equal(t, 1, scalar.Rows())
	requireShapeError(t, "engine.New: got [2 -1], want extents of at least 0", func() {
		engine.New(x.Backend(), engine.Float32, 2, -1)
	})
	requireShapeError(t, "engine.New: got [-2 -1], want extents of at least 0", func() {
		engine.New(x.Backend(), engine.Float32, -2, -1)
	})
}

func TestReadAndWriteConvert(t *testing.T) {
	b := cpu.New()
	values := []float64{0.1, -3, math.Pi}
	single := engine.FromSlice(b, engine.Float32, values, 3)
	double := engine.FromSlice(b, engine.Float64, []float32{0.5, -3, 8}, 3)
	index := engine.FromSlice(b, engine.Int32, []int32{4, -5, 6}, 3)

	asDouble, err := engine.Read[float64](single)
	require.NoError(t, err)
	require.Equal(t, []float64{float64(float32(0.1)), -3, float64(float32(math.Pi))}, asDouble)
	asSingle, err := engine.Read[float32](double)
	require.NoError(t, err)
	require.Equal(t, []float32{0.5, -3, 8}, asSingle)
	asFloat, err := engine.Read[float32](index)
	require.NoError(t, err)
	require.Equal(t, []float32{4, -5, 6}, asFloat)

	requireShapeError(t, "engine.Write: got 2, want 3", func() { engine.Write(single, []float32{1, 2}) })
	requireShapeError(t, "engine.Write: got float32, want int32", func() { engine.Write(index, []float32{1, 2, 3}) })
}

func TestReadAndWriteShortTypes(t *testing.T) {
	b := cpu.New()
	pixels := engine.FromSlice(b, engine.Uint8, []uint8{0, 7, 255}, 3)
	asFloat, err := engine.Read[float32](pixels)
	require.NoError(t, err)
	require.Equal(t, []float32{0, 7, 255}, asFloat)
	requireShapeError(t, "engine.Write: got float32, want uint8", func() { engine.Write(pixels, []float32{1, 2, 3}) })

	half := engine.FromSlice(b, engine.BFloat16, []float64{1, -3.5, 1 + 0x1p-8, 1 + 0x3p-8}, 4)
	asFloat, err = engine.Read[float32](half)
	require.NoError(t, err)
	require.Equal(t, []float32{1, -3.5, 1, 1 + 0x1p-6}, asFloat, "ties go to the even one")
	requireShapeError(t, "engine.Write: got int32, want bfloat16", func() { engine.Write(half, []int32{1, 2, 3, 4}) })
}

func TestRange(t *testing.T) {
	b := cpu.New()
	x := engine.FromSlice(b, engine.Float32, []float32{0, 1, 2, 3, 4, 5, 6, 7}, 4, 2)
	inner := x.Range(1, 4).Range(1, 2)
	require.Equal(t, []int{1, 2}, inner.Shape())
	require.Equal(t, 4, inner.Offset())
	values, err := engine.Read[float32](inner)
	require.NoError(t, err)
	require.Equal(t, []float32{4, 5}, values)
	engine.Write(inner, []float32{40, 50})
	values, err = engine.Read[float32](x)
	require.NoError(t, err)
	require.Equal(t, []float32{0, 1, 2, 3, 40, 50, 6, 7}, values)
	require.Equal(t, []int{0, 2}, x.Range(4, 4).Shape())
	for _, ends := range [][2]int{{-1, 2}, {3, 2}, {0, 5}} {
		require.Panics(t, func() { x.Range(ends[0], ends[1]) }, "%v", ends)
	}
}

// A borrowed tensor is the same memory, and freeing it releases nothing.
func TestBorrow(t *testing.T) {
	b := cpu.New()
	x := engine.FromSlice(b, engine.Float32, []float32{0, 1, 2, 3, 4, 5}, 6)
	other := engine.Zeros(b, engine.Float32, 6)
	y := engine.Borrow(b, x.Buffer(), 2, engine.Float32, 2, 2)
	require.True(t, y.SharesWith(x))
	require.True(t, y.SharesWith(engine.Borrow(b, x.Buffer(), 0, engine.Float32, 1)))
	require.False(t, y.SharesWith(other))
	require.False(t, engine.Outline(engine.Float32, 1).SharesWith(engine.Outline(engine.Float32, 1)), "nothing is no common buffer")
	require.True(t, y.Shared())
	values, err := engine.Read[float32](y)
	require.NoError(t, err)
	require.Equal(t, []float32{2, 3, 4, 5}, values)
	before := b.Stats()
	y.Free()
	require.Equal(t, before, b.Stats())
}

func TestReadReturnsACopy(t *testing.T) {
	x := engine.FromSlice(cpu.New(), engine.Float32, []float32{1, 2}, 2)
	first, _ := engine.Read[float32](x)
	first[0] = 9
	second, _ := engine.Read[float32](x)
	require.Equal(t, []float32{1, 2}, second)
}

func TestCheckShape(t *testing.T) {
	x := engine.New(cpu.New(), engine.Float32, 2, 3)
	require.NotPanics(t, func() { engine.CheckShape("linear", x, 2, 3) })
	require.NotPanics(t, func() { engine.CheckShape("linear", x, -1, 3) })
	requireShapeError(t, "linear: got [2 3], want [-1 4]", func() { engine.CheckShape("linear", x, -1, 4) })
	requireShapeError(t, "linear: got [2 3], want [6]", func() { engine.CheckShape("linear", x, 6) })
}

func TestBroadcastShape(t *testing.T) {
	for _, c := range []struct{ a, b, want []int }{
		{[]int{}, []int{}, []int{}},
		{[]int{3}, []int{}, []int{3}},
		{[]int{2, 1}, []int{3}, []int{2, 3}},
		{[]int{4, 1, 5}, []int{3, 1}, []int{4, 3, 5}},
		{[]int{0, 3}, []int{1, 1}, []int{0, 3}},
	} {
		require.Equal(t, c.want, engine.BroadcastShape("add", c.a, c.b))
		require.Equal(t, c.want, engine.BroadcastShape("add", c.b, c.a))
	}
	requireShapeError(t, "add: got [4], want a shape that broadcasts with [2 3]", func() {
		engine.BroadcastShape("add", []int{2, 3}, []int{4})
	})
}

func TestDType(t *testing.T) {
	for dtype, want := range map[engine.DType]struct {
		name string
		size int
	}{engine.Float32: {"float32", 4}, engine.Float64: {"float64", 8}, engine.Int32: {"int32", 4},
		engine.BFloat16: {"bfloat16", 2}, engine.Uint8: {"uint8", 1}} {
		require.Equal(t, want.name, dtype.String())
		require.Equal(t, want.size, dtype.Size())
	}
	require.Equal(t, "DType(0)", engine.DType(0).String())
	require.Panics(t, func() { engine.DType(0).Size() })
}

// requireShapeError requires a panic with a *ShapeError that has the given text.
func requireShapeError(t *testing.T, text string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		err, ok := recover().(*engine.ShapeError)
		require.True(t, ok, "no *ShapeError")
		require.EqualError(t, err, text)
	}()
	f()
}
