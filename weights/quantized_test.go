package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mien/asm/quantized"
)

// written writes tensors and opens the file.
func written(t require.TestingT, path string, tensors ...Tensor) *File {
	require.NoError(t, WriteSafetensors(path, tensors, nil))
	f, err := Open(path)
	require.NoError(t, err)
	return f
}

// Tensors written in low precision are read as float32, in their original shape: the scales are hidden.
func TestLowPrecision(t *testing.T) {
	f := written(t, filepath.Join(t.TempDir(), "x"),
		Tensor{Name: "int8", Shape: []int{3, 2, 2}, Fill: FromSlice([]float32{127, -64, 0.4, 0.6, 0, 0, 0, 0, 254, -3, 1, -254}), DType: I8},
		Tensor{Name: "bf16", Shape: []int{3}, Fill: FromSlice([]float32{1.0 / 3, -2, 0x1p127}), DType: BF16},
		Tensor{Name: "f32", Shape: []int{1}, Fill: FromSlice([]float32{1.0 / 3})},
		Tensor{Name: "rows of one", Shape: []int{4}, Fill: FromSlice([]float32{-12.7, 0, 127, 254}), DType: I8},
		Tensor{Name: "no rows", Shape: []int{0, 3}, Fill: FromSlice(nil), DType: I8},
		Tensor{Name: "no columns", Shape: []int{3, 0}, Fill: FromSlice(nil), DType: I8})
	defer f.Close()
	require.Equal(t, []string{"bf16", "f32", "int8", "no columns", "no rows", "rows of one"}, f.Names())
	require.Equal(t, []DType{BF16, F32, I8}, []DType{f.tensors["bf16"].dtype, f.tensors["f32"].dtype, f.tensors["int8"].dtype})
	shape, ok := f.Shape("int8")
	require.True(t, ok)
	require.Equal(t, []int{3, 2, 2}, shape)
	_, ok = f.Shape("int8.scale")
	require.False(t, ok)
	all, err := readAll(f)
	require.NoError(t, err)
	require.Equal(t, []float32{127, -64, 0, 1, 0, 0, 0, 0, 254, -4, 0, -254}, all["int8"])
	require.Equal(t, []float32{0x1.56p-2, -2, 0x1p127}, all["bf16"])
	require.InDeltaSlice(t, []float32{-12.7, 0, 127, 254}, all["rows of one"], 1e-5, "each has a scale of its own")
	require.Equal(t, []float32{1.0 / 3}, all["f32"])
	for name, e := range f.tensors {
		require.Zero(t, e.base%sizes[e.dtype], "%s is not aligned", name)
	}
}

// Scales are stable: max |127·scale| / 127 equals scale. So values that were read can be quantized again, when packed, without
// change. MaxFloat32 itself is the exception: 127·scale overflows.
func TestScalesAreStable(t *testing.T) {
	q, again := make([]int8, 1), make([]int8, 1)
	for _, exponent := range []uint32{8, 127, 254} { // from where scales are denormal to the largest numbers
		for mantissa := range uint32(1<<23 - 1) {
			scale := quantized.ToInt8(q, []float32{math.Float32frombits(exponent<<23 | mantissa)})
			value := []float32{float32(q[0])}
			scaleRows(value, []float32{scale})
			if s := quantized.ToInt8(again, value); s != scale || again[0] != q[0] {
				require.Failf(t, "not stable", "exponent %d, mantissa %d: %d·%g, then %d·%g", exponent, mantissa, q[0], scale, again[0], s)
			}
		}
	}
}

// A low-precision file that is read and written again has the same bytes.
func TestSameBytesAgain(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		rows, columns := rapid.IntRange(0, 5).Draw(t, "rows"), rapid.IntRange(0, 40).Draw(t, "columns")
		values := rapid.SliceOfN(rapid.Float32Range(-1e38, 1e38), rows*columns, rows*columns).Draw(t, "values")
		tensors := []Tensor{{Name: "a", Shape: []int{rows, columns}, Fill: FromSlice(values), DType: I8},
			{Name: "b", Shape: []int{rows, columns}, Fill: FromSlice(values), DType: BF16}}
		first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
		f := written(t, first, tensors...)
		for i := range tensors {
			again := make([]float32, len(values))
			require.NoError(t, f.Read(tensors[i].Name, again))
			tensors[i].Fill = FromSlice(again)
		}
		require.NoError(t, f.Close())
		require.NoError(t, written(t, second, tensors...).Close())
		a, err := os.ReadFile(first)
		require.NoError(t, err)
		b, err := os.ReadFile(second)
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}

// I8 without scales is plain integers, unless the metadata say int8; what is called scale beside another type is a tensor of its own.
func TestPlainInt8(t *testing.T) {
	file := append(safetensors(`{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},`+
		`"b.scale":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 0), 3, 0xff, 5, 7, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40)
	f, err := Open(write(t, "x", file))
	require.NoError(t, err)
	defer f.Close()
	all, err := readAll(f)
	require.NoError(t, err)
	require.Equal(t, map[string][]float32{"a": {3, -1}, "b": {5, 7}, "b.scale": {1, 2}}, all)
}

func TestHostileScales(t *testing.T) {
	int8s := `"a":{"dtype":"I8","shape":[2,4],"data_offsets":[0,8]}`
	scale := func(dtype, shape string, bytes int) string {
		return fmt.Sprintf(`{%s,"a.scale":{"dtype":"%s","shape":%s,"data_offsets":[8,%d]}}`, int8s, dtype, shape, 8+bytes)
	}
	numbers := func(a, b float32) []byte {
		data := make([]byte, 8)
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(a))
		return append(safetensors(scale("F32", "[2]", 8), 0), binary.LittleEndian.AppendUint32(data, math.Float32bits(b))...)
	}
	inf := float32(math.Inf(1))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"missing":     {safetensors(`{"__metadata__":{"mien.precision":"int8"},`+int8s+`}`, 8), `"a.scale": missing, the scales of an int8 tensor [2 4]`},
		"too few":     {safetensors(scale("F32", "[1]", 4), 12), `"a.scale": F32 [1], where an int8 tensor [2 4] has scales F32 [2]`},
		"too many":    {safetensors(scale("F32", "[2,4]", 32), 40), `F32 [2 4], where`},
		"F64":         {safetensors(scale("F64", "[2]", 16), 24), `F64 [2], where`},
		"I8":          {safetensors(scale("I8", "[2]", 2), 10), `I8 [2], where`},
		"NaN":         {numbers(1, float32(math.NaN())), `"a.scale": the scale of row 1 is NaN`},
		"infinite":    {numbers(inf, 1), `the scale of row 0 is +Inf`},
		"negative":    {numbers(1, -1), `the scale of row 1 is -1`},
		"of a number": {safetensors(`{"a":{"dtype":"I8","shape":[],"data_offsets":[0,1]},"a.scale":{"dtype":"F32","shape":[],"data_offsets":[1,5]}}`, 5), "no rows"},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, c.file, c.want) })
	}
	f, err := Open(write(t, "x", numbers(1, 0)))
	require.NoError(t, err, "the same with good scales")
	require.NoError(t, f.Close())
}
