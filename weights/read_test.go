package weights

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// failing is a file of which one read fails.
type failing struct {
	*os.File
	left   int // reads before that one
	closed bool
}

func (f *failing) ReadAt(b []byte, at int64) (int, error) {
	if f.left--; f.left == -1 {
		return 0, errors.New("device lost")
	}
	return f.File.ReadAt(b, at)
}

func (f *failing) Close() error {
	f.closed = true
	return f.File.Close()
}

// No error of a read is lost, whichever it is, and a file that can't be opened is closed.
func TestFailingReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, WriteSafetensors(path, []Tensor{{Name: "long", Shape: []int{3, readChunk - 1}, Fill: FromSlice(ramp(3*readChunk - 3))},
		{Name: "int8", Shape: []int{3, 5}, Fill: FromSlice(ramp(15)), DType: I8}}, nil))
	for _, path := range []string{path, "testdata/zip.pth", "testdata/legacy.pth"} {
		failed := 0
		for ; ; failed++ {
			file, err := os.Open(path)
			require.NoError(t, err)
			info, err := file.Stat()
			require.NoError(t, err)
			source := &failing{File: file, left: failed}
			f, err := newFile(path, source, info.Size())
			require.Equal(t, err != nil, source.closed)
			if err == nil {
				_, err = readAll(f)
				f.Close()
			}
			if source.left >= 0 {
				require.NoError(t, err)
				break
			}
			require.ErrorContains(t, err, path+": ", "read %d", failed)
		}
		require.Greater(t, failed, 5, path)
	}
}
