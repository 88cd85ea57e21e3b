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
