package weights

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// write puts a file into a fresh folder.
func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o644))
	return path
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return content
}

// FromSlice returns a Fill function for values in memory.
func FromSlice(values []float32) func(dst []float32) error {
	return func(dst []float32) error {
		if len(values) != len(dst) {
			return fmt.Errorf("%d values, where its shape takes %d", len(values), len(dst))
		}
		copy(dst, values)
		return nil
	}
}

// readAll reads every tensor of a file that has a sane size.
func readAll(f *File) (map[string][]float32, error) {
	all := map[string][]float32{}
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		n := 1
		for _, d := range shape {
			n *= d
		}
		all[name] = make([]float32, n)
		if err := f.Read(name, all[name]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// requireRefused opens a hostile file and requires a one-line error in bounded memory.
func requireRefused(t *testing.T, file []byte, want string) {
	t.Helper()
	path := write(t, "hostile", file)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := Open(path)
	runtime.ReadMemStats(&after)
	if err == nil {
		_, err = readAll(f)
		f.Close()
	}
	require.ErrorContains(t, err, want)
	require.True(t, strings.HasPrefix(err.Error(), path), err.Error())
	require.NotContains(t, err.Error(), "\n")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(400<<20), "memory")
}

// A file truncated anywhere gives an error, or is still complete if only padding is missing; never a panic.
func TestCutOff(t *testing.T) {
	good := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, WriteSafetensors(good, []Tensor{{Name: "a", Shape: []int{3}, Fill: FromSlice([]float32{1, 2, 3})}}, nil))
	file, err := os.ReadFile(good)
	require.NoError(t, err)
	for _, whole := range [][]byte{file, fixture(t, "zip.pth"), fixture(t, "legacy.pth"), fixture(t, "protocol4.pth")} {
		stride := max(1, len(whole)/300)
		for n := 0; n < len(whole); n += stride {
			f, err := Open(write(t, "cut", whole[:n]))
			if err == nil {
				_, err = readAll(f)
				f.Close()
			}
			require.Error(t, err, "%d of %d bytes", n, len(whole))
		}
	}
}

// Tensors may share storages, but hold no more values than the file has bytes, and reach over no more than 16 times that.
func TestTotal(t *testing.T) {
	open := func(size int64, entries ...entry) error {
		f := &File{tensors: map[string]entry{}}
		for i, e := range entries {
			f.tensors[fmt.Sprint(i)] = e
		}
		return f.checkTotal(size)
	}
	ten, wide := entry{shape: []int{2, 5}, stride: []int{5, 1}}, entry{shape: []int{2}, stride: []int{159}} // reaches over 160
	require.NoError(t, open(20, ten, ten, entry{shape: []int{0, 9}, stride: []int{1 << 40, 1}}))
	require.EqualError(t, open(19, ten, ten), "2 tensors hold more values than the file has bytes, 19: too many share a storage")
	require.NoError(t, open(20, wide, wide))
	require.Error(t, open(20, wide, wide, entry{shape: []int{1}, stride: []int{1}}))
	require.NoError(t, open(12, ten, entry{shape: []int{2}, stride: []int{181}}))
	require.Error(t, open(12, ten, entry{shape: []int{2}, stride: []int{182}}))
}

func TestElements(t *testing.T) {
	for _, c := range []struct {
		shape []int
		limit int64
		n     int64
		ok    bool
	}{
		{nil, 1, 1, true}, {nil, 0, 1, false}, {[]int{2, 3}, 6, 6, true}, {[]int{2, 3}, 5, 0, false}, {[]int{3, -1}, 9, 0, false},
		{[]int{1 << 40, 1 << 40, 0}, 5, 0, true}, {[]int{0, -1}, 9, 0, false}, {[]int{1 << 32, 1 << 32}, 1 << 62, 0, false}, {[]int{7}, 7, 7, true},
	} {
		n, ok := elements(c.shape, c.limit)
		require.Equal(t, c.ok, ok, "%+v", c)
		require.Equal(t, c.n, n, "%+v", c)
	}
}

// Which form a file has follows from its first bytes.
func TestForms(t *testing.T) {
	for head, want := range map[string]string{
		"PK\x03\x04":                        "damaged or cut off: its zip directory, which stands at the end, can't be read; fetch the file again",
		"PK\x03":                            "not a weights file (safetensors, PyTorch .pth, OpenVINO .xml, or ONNX): name another",
		"\x80\x02":                          "pickle is cut off: fetch the file again",
		"\x80\x05":                          "pickle is cut off: fetch the file again",
		"\x80\x01":                          "not a weights file (safetensors, PyTorch .pth, OpenVINO .xml, or ONNX): name another",
		"\x80\x06":                          "not a weights file (safetensors, PyTorch .pth, OpenVINO .xml, or ONNX): name another",
		"\x00\x02":                          "not a weights file (safetensors, PyTorch .pth, OpenVINO .xml, or ONNX): name another",
		"\x80":                              "not a weights file (safetensors, PyTorch .pth, OpenVINO .xml, or ONNX): name another",
		"\x01\x00\x00\x00\x00\x00\x00\x00[": "not a weights file (safetensors, PyTorch .pth, OpenVINO .xml, or ONNX): name another",
		"\x80\x02K\x05.":                    "not a checkpoint: expected a dict of tensors, found a value of type int64; save model.state_dict() with torch.save",
	} {
		_, err := openBytes([]byte(head))
		require.EqualError(t, err, "fuzz: "+want, "%q", head)
	}
}
