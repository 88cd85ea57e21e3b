package weights

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// ramp is n values of all sizes and both signs.
func ramp(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(int32(uint32(i)*2654435761)) / (1 << 20)
	}
	return v
}

// The bytes of a file never change between versions: tensors of several chunks, of no elements and of all types. All chunks are read.
func TestBytesAreFixed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, WriteSafetensors(path, []Tensor{
		{Name: "int8", Shape: []int{5, 3, 7}, Fill: FromSlice(ramp(105)), DType: I8},
		{Name: "bf16", Shape: []int{11}, Fill: FromSlice(ramp(11)), DType: BF16},
		{Name: "long", Shape: []int{2, 70_001}, Fill: FromSlice(ramp(140_002))},
		{Name: "none", Shape: []int{0, 4}, Fill: FromSlice(nil), DType: I8},
		{Name: "zeros", Shape: []int{2, 3}, Fill: FromSlice(make([]float32, 6)), DType: I8},
		{Name: "number", Fill: FromSlice([]float32{-math.MaxFloat32}), DType: F32},
		{Name: "long bf16", Shape: []int{70_003}, Fill: FromSlice(ramp(70_003)), DType: BF16},
		{Name: "long int8", Shape: []int{5, 70_003}, Fill: FromSlice(ramp(350_015)), DType: I8},
		{Name: "wide int8", Shape: []int{2, 300_000}, Fill: FromSlice(ramp(600_000)), DType: I8},
	}, map[string]string{"b": "2", "a": "1"}))
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, file, 1_651_270)
	require.Equal(t, "b433a27e363f71239d3f96367cfc3d7376f2ef58948fd341a99ca3f735ef3af6", fmt.Sprintf("%x", sha256.Sum256(file)))
	f, err := Open(path)
	require.NoError(t, err)
	defer f.Close()
	all, err := readAll(f)
	require.NoError(t, err)
	require.True(t, slices.Equal(ramp(140_002), all["long"]))
}

// Each tensor is filled once, in the order given, whatever its location in the file; dst has its size.
func TestTensorsAreFilledInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	var asked []string
	tensor := func(name string, dtype DType, shape ...int) Tensor {
		n, _ := elements(shape, math.MaxInt)
		return Tensor{Name: name, Shape: shape, DType: dtype, Fill: func(dst []float32) error {
			asked = append(asked, fmt.Sprint(name, len(dst)))
			copy(dst, ramp(int(n)))
			return nil
		}}
	}
	f := written(t, path, tensor("a", I8, 2, 3), tensor("b", BF16, 5), tensor("c", F32, 7), tensor("d", I8, 4, 0), tensor("e", F32))
	defer f.Close()
	require.Equal(t, []string{"a6", "b5", "c7", "d0", "e1"}, asked)
	all, err := readAll(f)
	require.NoError(t, err)
	require.Equal(t, ramp(7), all["c"])
	require.Equal(t, ramp(1), all["e"])
}

// A writer needs memory for the largest tensor, however many there are.
func TestWriterMemory(t *testing.T) {
	const count, rows, columns = 24, 60, 5000
	largest := uint64(rows * columns * 4)
	source := ramp(rows * columns)
	for _, dtype := range []DType{F32, BF16, I8} {
		var tensors []Tensor
		for i := range count {
			tensors = append(tensors, Tensor{Name: fmt.Sprint(i), Shape: []int{rows - i, columns}, DType: dtype,
				Fill: FromSlice(source[:(rows-i)*columns])})
		}
		path := filepath.Join(t.TempDir(), "x")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.NoError(t, WriteSafetensors(path, tensors, nil))
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, largest+1<<20, "%s", dtype)
	}
}

func TestFailingFillLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	lost := errors.New("device lost")
	for _, dtype := range []DType{F32, BF16, I8} {
		asked := 0
		fill := func(err error) func([]float32) error {
			return func(dst []float32) error {
				asked++
				clear(dst)
				return err
			}
		}
		err := WriteSafetensors(path, []Tensor{
			{Name: "a", Shape: []int{300, 400}, DType: dtype, Fill: fill(nil)},
			{Name: "b", Shape: []int{3, 4}, DType: dtype, Fill: fill(lost)},
			{Name: "c", Shape: []int{3, 4}, DType: dtype, Fill: fill(nil)},
		}, nil)
		require.ErrorIs(t, err, lost)
		require.EqualError(t, err, path+`: can't be written: tensor "b": device lost`)
		require.Equal(t, 2, asked, "nothing is asked for after an error")
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "before", string(content))
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, left, 1, "no temporary file stays")
	}
}

func TestWriterErrorsLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	bad := []Tensor{{Name: "a", Shape: []int{2}, Fill: FromSlice([]float32{1})}}
	require.EqualError(t, WriteSafetensors(filepath.Join(dir, "x"), bad, nil),
		filepath.Join(dir, "x")+`: can't be written: tensor "a": 1 values, where its shape takes 2`)
	good := []Tensor{{Name: "a", Shape: []int{1}, Fill: FromSlice([]float32{1})}}
	require.ErrorContains(t, WriteSafetensors(filepath.Join(dir, "none", "x"), good, nil), "can't be written")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "folder", "inside"), nil, 0o644))
	require.ErrorContains(t, WriteSafetensors(filepath.Join(dir, "folder"), good, nil), "can't be written")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

func TestWriterRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	one, nan, inf := FromSlice([]float32{1}), float32(math.NaN()), float32(math.Inf(1))
	for want, tensors := range map[string][]Tensor{
		`tensor "a": no tensor has shape [-1 -2]`:                 {{Name: "a", Shape: []int{-1, -2}, Fill: FromSlice(make([]float32, 2))}},
		`tensor "b": no tensor has shape [4294967296 4294967296]`: {{Name: "b", Shape: []int{1 << 32, 1 << 32}, Fill: one}},
		`two tensors named "a"`:                                   {{Name: "a", Shape: []int{1}, Fill: one}, {Name: "a", Shape: []int{1}, Fill: one}, {Name: "\xff", Fill: one}},
		`two tensors named "a.scale"`:                             {{Name: "a", Shape: []int{1}, Fill: one, DType: I8}, {Name: "a.scale", Fill: one}},
		`"__metadata__", or a reserved name`:                      {{Name: "__metadata__", Shape: []int{1}, Fill: one}},
		"not UTF-8":                                               {{Name: "\xff", Shape: []int{1}, Fill: one}},
		`tensor "a" holds NaN at [1 1]: its training diverged`:    {{Name: "a", Shape: []int{2, 2}, Fill: FromSlice([]float32{1, 2, 3, nan}), DType: I8}},
		`tensor "a" holds -Inf at []`:                             {{Name: "a", Fill: FromSlice([]float32{-inf})}},
		`"a" is a single number: only rows are quantised`:         {{Name: "a", Fill: one, DType: I8}},
		`"a": F16 is not written here`:                            {{Name: "a", Shape: []int{1}, Fill: one, DType: "F16"}},
		`"a": 3 values, where its shape takes 4`:                  {{Name: "a", Shape: []int{2, 2}, Fill: FromSlice(make([]float32, 3)), DType: I8}},
	} {
		err := WriteSafetensors(path, tensors, nil)
		require.ErrorContains(t, err, path+": can't be written: ")
		require.ErrorContains(t, err, want)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "before", string(content), want)
	}
	require.NoError(t, WriteSafetensors(path, nil, nil))
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o600), info.Mode(), "as before")
	}
}

// Any tensors come back as they were, names and metadata of any text.
func TestRoundTripProperty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	rapid.Check(t, func(t *rapid.T) {
		var tensors []Tensor
		var values [][]float32
		for _, name := range rapid.SliceOfDistinct(rapid.String(), rapid.ID[string]).Draw(t, "names") {
			shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(t, "shape")
			n, _ := elements(shape, math.MaxInt64)
			values = append(values, rapid.SliceOfN(rapid.Float32(), int(n), int(n)).Draw(t, "values"))
			tensors = append(tensors, Tensor{Name: name, Shape: shape, Fill: FromSlice(values[len(values)-1])})
		}
		meta := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "metadata")
		require.NoError(t, WriteSafetensors(path, tensors, meta))
		f, err := Open(path)
		require.NoError(t, err)
		defer f.Close()
		require.Equal(t, meta, f.Metadata())
		require.Len(t, f.Names(), len(tensors))
		for i, want := range tensors {
			shape, ok := f.Shape(want.Name)
			require.True(t, ok)
			require.Empty(t, cmp.Diff(want.Shape, shape, cmpopts.EquateEmpty()))
			got := make([]float32, len(values[i]))
			require.NoError(t, f.Read(want.Name, got))
			require.Equal(t, values[i], got)
		}
	})
}

// full is a disk with room for so many writes.
type full struct{ writes int }

func (f *full) WriteAt(b []byte, _ int64) (int, error) {
	if f.writes--; f.writes < 0 {
		return 0, errors.New("no space left")
	}
	return len(b), nil
}

// No error of a write is lost: of one chunk, of quantized rows, of their scales.
func TestFullDisk(t *testing.T) {
	for _, c := range []struct {
		Tensor
		writes int
	}{
		{Tensor{Name: "a", Shape: []int{3, readChunk}}, 3}, {Tensor{Name: "a", Shape: []int{7}, DType: BF16}, 1},
		{Tensor{Name: "a", Shape: []int{3, 5}, DType: I8}, 2}, {Tensor{Name: "a", Shape: []int{5, readChunk}, DType: I8}, 3},
	} {
		n, _ := elements(c.Shape, math.MaxInt)
		c.Fill = FromSlice(ramp(int(n)))
		for room := range c.writes + 1 {
			w := writer{file: &full{room}, bytes: make([]byte, 4*readChunk), at: map[string]int64{}}
			err := w.write([]Tensor{c.Tensor}, make([]float32, n))
			require.Equal(t, room == c.writes, err == nil, "%v %s: %d of %d writes", c.Shape, c.DType, room, c.writes)
		}
	}
}
