package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSafetensorsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	b := []float32{1, -2, 3, math.MaxFloat32, 1e-45, 0}
	tensors := []Tensor{
		{Name: "b.weight", Shape: []int{2, 3}, Fill: FromSlice(b)},
		{Name: "a", Fill: FromSlice([]float32{7})},
		{Name: "empty", Shape: []int{0, 4}, Fill: FromSlice(nil)},
	}
	meta := map[string]string{"format": "test", "text": "line\n\"quoted\" ü"}
	require.NoError(t, WriteSafetensors(path, tensors, meta))
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Zero(t, (binary.LittleEndian.Uint64(first)+8)%8)
	require.NoError(t, WriteSafetensors(path, tensors, meta))
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, first, second, "the same input gives the same bytes")

	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, meta, f.Metadata())
	require.Equal(t, []string{"a", "b.weight", "empty"}, f.Names())
	all, err := readAll(f)
	require.NoError(t, err)
	require.Equal(t, b, all["b.weight"])
	require.Equal(t, []float32{7}, all["a"])
	require.ErrorContains(t, f.Read("a", make([]float32, 2)), `"a" has 1 elements, not 2`)
	require.ErrorContains(t, f.Read("none", nil), `no tensor "none"`)
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

// safetensors builds a file from a header as text.
func safetensors(head string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	return append(append(b, head...), make([]byte, data)...)
}

func TestHostileSafetensors(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"length past the end": {append(binary.LittleEndian.AppendUint64(nil, 1<<62), '{', '}'), "header of 4611686018427387904 bytes"},
		"2^40 elements":       {safetensors(`{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4]}}`, 4), "damaged"},
		"overflowing shape":   {safetensors(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "damaged"},
		"negative extent":     {safetensors(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), "damaged"},
		"overlap": {safetensors(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12),
			"overlap or leave a hole"},
		"hole":           {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), "overlap or leave a hole"},
		"outside":        {safetensors(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4), "cut off"},
		"backwards":      {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}`, 8), "where 0 is due"},
		"too short":      {safetensors(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), "does not take 4 bytes"},
		"too long":       {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8), "does not take 8 bytes"},
		"bytes left":     {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 8), "tensors end at byte"},
		"unknown dtype":  {safetensors(`{"a":{"dtype":"F7","shape":[1],"data_offsets":[0,4]}}`, 4), `dtype "F7"`},
		"twice":          {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "twice"},
		"no offsets":     {safetensors(`{"a":{"dtype":"F32","shape":[1]}}`, 4), "are due"},
		"no object":      {safetensors(`{`, 0), "does not end"},
		"something more": {safetensors(`{} {}`, 0), "something follows"},
		"another case":   {safetensors(`{"a":{"DType":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), `"DType": not part of the format`},
		"key twice":      {safetensors(`{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}`, 4), `"dtype" stands there twice`},
		"null extent":    {safetensors(`{"a":{"dtype":"F32","shape":[null],"data_offsets":[0,4]}}`, 4), `"shape"`},
		"half an extent": {safetensors(`{"a":{"dtype":"F32","shape":[0.5],"data_offsets":[0,4]}}`, 4), `"shape"`},
		"three offsets":  {safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}`, 4), `"data_offsets": not two numbers`},
		"a long number":  {safetensors(`{"a":{"dtype":"F32","shape":[`+strings.Repeat("9", 5000)+`],"data_offsets":[0,4]}}`, 4), `"shape": of another type`},
		"metadata":       {safetensors(`{"__metadata__":{"a":1}}`, 0), `__metadata__ "a" is no text`},
		"not UTF-8":      {safetensors("{\"\xff\":{}}", 0), "not UTF-8"},
		"no JSON":        {safetensors(`{a}`, 0), "damaged JSON"},
		"tensor a list":  {safetensors(`{"a":[]}`, 0), `tensor "a": no JSON object`},
		"deep JSON":      {safetensors(`{"a":`+strings.Repeat("[", 2_000_000), 0), "safetensors header"},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, c.file, c.want) })
	}
}

func TestDTypes(t *testing.T) {
	le := binary.LittleEndian
	for dtype, c := range map[DType]struct {
		bytes []byte
		want  float32
	}{
		"F64": {le.AppendUint64(nil, math.Float64bits(0.1)), 0.1}, F32: {le.AppendUint32(nil, math.Float32bits(-2.5)), -2.5},
		"F16": {[]byte{0, 0xc0}, -2}, BF16: {[]byte{0, 0xc0}, -2}, "I64": {le.AppendUint64(nil, math.MaxUint64), -1},
		"I32": {le.AppendUint32(nil, 1<<31), -1 << 31}, "I16": {[]byte{0, 0x80}, -32768}, I8: {[]byte{0x80}, -128},
		"U64": {le.AppendUint64(nil, math.MaxUint64), 1 << 64}, "U32": {le.AppendUint32(nil, 1<<31), 1 << 31},
		"U16": {[]byte{0, 0x80}, 32768}, "U8": {[]byte{0x80}, 128}, "BOOL": {[]byte{1}, 1},
	} {
		head := fmt.Sprintf(`{"a":{"dtype":"%s","shape":[3],"data_offsets":[0,%d]}}`, dtype, 3*len(c.bytes))
		f, err := Open(write(t, "x", append(append(safetensors(head, len(c.bytes)), c.bytes...), c.bytes...)))
		require.NoError(t, err, dtype)
		defer f.Close()
		all, err := readAll(f)
		require.NoError(t, err, dtype)
		require.Equal(t, []float32{0, c.want, c.want}, all["a"], dtype)
	}
}

// A value that is not finite is refused by name and place, whatever its type: converted, it would be a silent wrong answer.
func TestNotFinite(t *testing.T) {
	f32 := func(v ...float32) (b []byte) {
		for _, x := range v {
			b = le.AppendUint32(b, math.Float32bits(x))
		}
		return b
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		dtype, shape, want string
		bytes              []byte
	}{
		{"F32", "[2,3]", "NaN at [1 2]", f32(1, 2, 3, 4, 5, nan)},
		{"F32", "[3,2]", "-Inf at [0 1]", f32(1, -inf, 3, inf, 5, nan)},
		{"F32", "[]", "NaN at []", f32(nan)},
		{"F64", "[1]", "+Inf at [0]", le.AppendUint64(nil, math.Float64bits(1e300))},
		{"F16", "[2]", "NaN at [1]", []byte{0, 0, 0x01, 0x7e}},
		{"BF16", "[2]", "-Inf at [1]", []byte{0, 0, 0x80, 0xff}},
	} {
		head := fmt.Sprintf(`{"a":{"dtype":"%s","shape":%s,"data_offsets":[0,%d]}}`, c.dtype, c.shape, len(c.bytes))
		f, err := openBytes(append(safetensors(head, 0), c.bytes...))
		require.NoError(t, err)
		_, err = readAll(f)
		require.EqualError(t, err, `fuzz: tensor "a" holds `+c.want+": the file is damaged, or its training diverged; take another")
	}
	head := `{"a":{"dtype":"I8","shape":[2,1],"data_offsets":[8,10]},"a.scale":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	f, err := openBytes(append(safetensors(head, 0), append(f32(1, math.MaxFloat32), 127, 127)...))
	require.NoError(t, err)
	_, err = readAll(f)
	require.ErrorContains(t, err, "holds +Inf at [1 0]")
}

// A length may begin with the bytes of a pickle (0x80, protocol) or of a zip.
func TestHeaderLengths(t *testing.T) {
	for n := 0x80; n < 0x800; n += 0x100 {
		head := "{}" + strings.Repeat(" ", n-2)
		f, err := Open(write(t, "x", safetensors(head, 0)))
		require.NoError(t, err, "header of %d bytes", n)
		require.NoError(t, f.Close())
	}
}

func TestHalf(t *testing.T) {
	require.Equal(t, float32(1), half(0x3c00))
	require.Equal(t, float32(65504), half(0x7bff))
	require.Equal(t, float32(1.0/(1<<24)), half(1))
	require.Equal(t, float32(-1.0/(1<<14)), half(0x8400))
	require.Equal(t, float32(math.Inf(-1)), half(0xfc00))
	require.True(t, math.IsNaN(float64(half(0x7e00))))
	require.True(t, math.Signbit(float64(half(0x8000))))
}

// endless is a source of any size that begins with a header's length and a brace, and has nothing else.
type endless struct{ n uint64 }

func (e endless) ReadAt(b []byte, at int64) (int, error) {
	if at != 0 || len(b) != 16 {
		return 0, errors.New("read")
	}
	return copy(b, append(le.AppendUint64(nil, e.n), "{       "...)), nil
}

func (endless) Close() error { return nil }

// A header has at most 100 MB and ends in the file.
func TestHeaderLimit(t *testing.T) {
	for _, c := range []struct {
		n    uint64
		size int64
		want string
	}{
		{100_000_000, 1 << 40, "read"}, {100_000_001, 1 << 40, "safetensors header of 100000001 bytes in a file of 1099511627776: damaged or cut off; fetch it again"},
		{92, 100, "read"}, {93, 100, "safetensors header of 93 bytes in a file of 100: damaged or cut off; fetch it again"},
	} {
		_, err := newFile("x", endless{c.n}, c.size)
		require.EqualError(t, err, "x: "+c.want)
	}
}

// Errors of headers, whole.
func TestHeaderErrors(t *testing.T) {
	tensor := func(members string) string { return `{"a":{` + members + `}}` }
	for _, c := range []struct {
		header string
		data   int
		want   string
	}{
		{tensor(`"dtype":"F32","shape":[` + strings.Repeat("1,", 16) + `1],"data_offsets":[0,4]`), 4, `safetensors header: tensor "a": "shape": more than 16 numbers`},
		{tensor(`"dtype":"F32","shape":[1],"data_offsets":[0]`), 4, `safetensors header: tensor "a": "data_offsets": not two numbers`},
		{tensor(`"dtype":"F32","shape":[1],"data_offsets":[0,"4"]`), 4, `safetensors header: tensor "a": "data_offsets": of another type`},
		{tensor(`"dtype":"F32","shape":[1]`), 4, `safetensors header: tensor "a": dtype, shape and data_offsets are due`},
		{tensor(`"dtype":null,"shape":[1],"data_offsets":[0,4]`), 4, `safetensors header: tensor "a": "dtype": of another type`},
		{tensor(`"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1`), 4, `safetensors header: tensor "a": "more": not part of the format`},
		{`{"a":1}`, 0, `safetensors header: tensor "a": no JSON object where one is due`},
		{`{"__metadata__":[]}`, 0, `safetensors header: no JSON object where one is due`},
		{`{"__metadata__":{"a":null}}`, 0, `safetensors header: __metadata__ "a" is no text`},
		{`{"__metadata__":{"a":"b","a":"c"}}`, 0, `safetensors header: "a" stands there twice`},
		{"{\"\xff\":{}}", 0, "safetensors header: not UTF-8: damaged"},
		{`{"a":`, 0, "safetensors header: damaged JSON: it does not end, or something follows the JSON object"},
		{tensor(`"dtype":"F7","shape":[1],"data_offsets":[0,4]`), 4, `tensor "a": dtype "F7" is not read here: convert it to F32`},
		{tensor(`"dtype":"F32","shape":[1],"data_offsets":[4,8]`), 8,
			`tensor "a": begins at byte 4 of the data, where 0 is due: damaged, tensors overlap or leave a hole`},
		{tensor(`"dtype":"F32","shape":[2],"data_offsets":[0,8]`), 4, `tensor "a": lies at bytes 0 to 8 of the data, which are 4: cut off; fetch the file again`},
		{tensor(`"dtype":"F32","shape":[1],"data_offsets":[0,-4]`), 4, `tensor "a": lies at bytes 0 to -4 of the data, which are 4: cut off; fetch the file again`},
		{tensor(`"dtype":"F32","shape":[3,1],"data_offsets":[0,4]`), 4, `tensor "a": shape [3 1] of F32 does not take 4 bytes: damaged`},
		{tensor(`"dtype":"F32","shape":[1],"data_offsets":[0,4]`), 7, `tensors end at byte 66 of 69: damaged`},
		{`{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 8,
			`tensor "b": begins at byte 0 of the data, where 4 is due: damaged, tensors overlap or leave a hole`},
	} {
		_, err := openBytes(safetensors(c.header, c.data))
		require.EqualError(t, err, "fuzz: "+c.want, c.header)
	}
	f, err := openBytes(safetensors(tensor(`"dtype":"F32","shape":[`+strings.Repeat("1,", 15)+`1],"data_offsets":[0,4]`), 4))
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, f.Names())
	_, err = openBytes(safetensors(`{`, 0)[:8])
	require.EqualError(t, err, "fuzz: not a weights file (safetensors, PyTorch .pth, OpenVINO .xml, or ONNX): name another")
}
