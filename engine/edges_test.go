package engine_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

// The edges of small things: names, conversions, sizes beyond any memory, and what is not a mistake.

// Precisions are known by name in flags and JSON.
func TestNamesOfPrecisions(t *testing.T) {
	text, err := json.Marshal([]engine.Precision{engine.Full, engine.BF16, engine.Int8})
	require.NoError(t, err)
	require.Equal(t, `["f32","bf16","int8"]`, string(text))
	var p engine.Precision
	require.NoError(t, p.UnmarshalText([]byte("int8")))
	require.Equal(t, engine.Int8, p)
	require.EqualError(t, p.UnmarshalText([]byte("F32")), `precision "F32": choose f32, bf16 or int8`)
	require.Equal(t, "Precision(3)", engine.Precision(3).String())
}

func TestUnknownDTypes(t *testing.T) {
	require.Equal(t, "DType(6)", engine.DType(6).String())
	for _, d := range []engine.DType{0, 6} {
		requireShapeError(t, "DType.Size: got "+d.String()+", want a dtype of package engine", func() { d.Size() })
	}
	require.Equal(t, []engine.DType{engine.Float32, engine.Float64, engine.Int32, engine.Uint8, engine.BFloat16}, []engine.DType{
		engine.DTypeOf[float32](), engine.DTypeOf[float64](), engine.DTypeOf[int32](), engine.DTypeOf[uint8](), engine.DTypeOf[uint16]()})
}

func TestBFloat16(t *testing.T) {
	inf := float32(math.Inf(1))
	for v, want := range map[float32]uint16{
		0: 0, 1: 0x3f80, -2: 0xc000, inf: 0x7f80, -inf: 0xff80, math.MaxFloat32: 0x7f80, 0x1p-149: 0, 0x1.8p-133: 2, 0x1.4p-132: 2, 0x1.cp-132: 4,
		1 + 0x1p-8: 0x3f80, 1 + 0x3p-8: 0x3f82, 1 + 0x1.01p-8: 0x3f81,
	} {
		require.Equal(t, want, engine.ToBFloat16(v), "%g", v)
	}
	for _, bits := range []uint32{0x7f800001, 0xff8000ff, 0x7fc00000} {
		b := engine.ToBFloat16(math.Float32frombits(bits))
		require.Equal(t, uint16(bits>>16)|0x40, b, "a quiet NaN")
	}
	require.Equal(t, float32(-3.5), engine.FromBFloat16(0xc060))
	require.True(t, math.Signbit(float64(engine.FromBFloat16(engine.ToBFloat16(float32(math.Copysign(0, -1)))))))
}

// A size that overflows is more than there is, unless there is nothing.
func TestSizesThatOverflow(t *testing.T) {
	b := cpu.New()
	for _, shape := range [][]int{{1 << 40, 1 << 40}, {math.MaxInt}, {math.MaxInt/4 + 1}, {1 << 31, 1 << 31}} {
		err := func() (err error) {
			defer engine.Catch(&err)
			engine.New(b, engine.Float32, shape...)
			return nil
		}()
		var refused *engine.AllocError
		require.ErrorAs(t, err, &refused, "%v", shape)
		require.Equal(t, math.MaxInt, refused.Bytes, "%v", shape)
	}
	require.Zero(t, b.Stats().LiveBytes)
	require.Equal(t, 0, engine.New(b, engine.Float32, 1<<40, 0, 1<<40).Len())
}

func TestReadIntoOtherLengths(t *testing.T) {
	b := cpu.New()
	x := engine.FromSlice(b, engine.Int32, []int32{-1, 300, 7}, 3)
	requireShapeError(t, "engine.ReadInto: got 2, want 3", func() { engine.ReadInto(x, make([]int32, 2)) })
	same, err := engine.Read[int32](x)
	require.NoError(t, err)
	require.Equal(t, []int32{-1, 300, 7}, same)
	double, err := engine.Read[float64](x.Range(1, 3))
	require.NoError(t, err)
	require.Equal(t, []float64{300, 7}, double)
	half := engine.FromSlice(b, engine.BFloat16, []float32{1, 2.5}, 2)
	whole, err := engine.Read[float64](half.Range(1, 2))
	require.NoError(t, err)
	require.Equal(t, []float64{2.5}, whole)
	engine.Write(half.Range(1, 2), []float64{-8})
	whole, err = engine.Read[float64](half)
	require.NoError(t, err)
	require.Equal(t, []float64{1, -8}, whole)
	filled, err := engine.Read[int32](engine.Filled(b, engine.Int32, 5, 2))
	require.NoError(t, err)
	require.Equal(t, []int32{5, 5}, filled)
}

func TestRangeErrors(t *testing.T) {
	b := cpu.New()
	requireShapeError(t, "engine.Range: got 0:0, want within the first axis of []", func() { engine.New(b, engine.Float32).Range(0, 0) })
	requireShapeError(t, "engine.Range: got 1:5, want within the first axis of [4 2]", func() { engine.New(b, engine.Float32, 4, 2).Range(1, 5) })
}

func TestBroadcastStrides(t *testing.T) {
	for _, c := range []struct{ shape, operand, want []int }{
		{[]int{4, 3, 5}, []int{4, 3, 5}, []int{15, 5, 1}}, {[]int{4, 3, 5}, []int{3, 1}, []int{0, 1, 0}}, {[]int{4, 3, 5}, []int{4, 1, 5}, []int{5, 0, 1}},
		{[]int{2, 3}, nil, []int{0, 0}},
	} {
		require.Equal(t, c.want, engine.BroadcastStrides(c.shape, c.operand), "%+v", c)
	}
}

// A packed weight is freed once; none may be freed at any time.
func TestPackedWeight(t *testing.T) {
	freed := 0
	w := engine.NewPackedWeight(2, 3, engine.BF16, "form", func() { freed++ })
	require.Equal(t, []any{2, 3, engine.BF16, "form"}, []any{w.N, w.K, w.Precision, w.Form})
	w.Free()
	require.Equal(t, 1, freed)
	require.Nil(t, w.Form)
	require.PanicsWithValue(t, "engine: packed weight freed twice", w.Free)
	require.Equal(t, 1, freed)
	(*engine.PackedWeight)(nil).Free()
}

// failing is a backend that nothing can be downloaded from.
type failing struct{ engine.Backend }

func (failing) Download([]byte, engine.Buffer, int) error { return errLost }

var errLost = errors.New("the device is lost")

// An error of the backend is that of reading, whichever type is read as which.
func TestReadHearsOfTheBackend(t *testing.T) {
	b := failing{cpu.New()}
	for _, d := range []engine.DType{engine.Float32, engine.Float64, engine.Int32, engine.Uint8, engine.BFloat16} {
		x := engine.New(b, d, 3)
		_, err := engine.Read[float32](x)
		require.ErrorIs(t, err, errLost, d)
		_, err = engine.Read[float64](x)
		require.ErrorIs(t, err, errLost, d)
		_, err = engine.Read[int32](x)
		require.ErrorIs(t, err, errLost, d)
		x.Free()
	}
}
