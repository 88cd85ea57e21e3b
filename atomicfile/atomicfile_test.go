package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	require.NoError(t, WriteBytes(path, []byte("old")))
	failed := errors.New("half way")
	require.ErrorIs(t, Write(path, func(f *os.File) error {
		f.WriteString("ne")
		return failed
	}), failed)
	require.Equal(t, "old", content(t, path), "an error leaves what was there")
	require.NoError(t, WriteBytes(path, []byte("new")))
	require.Equal(t, "new", content(t, path))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
	require.Error(t, WriteBytes(filepath.Join(path, "b"), nil), "a file is no folder")
	require.ErrorIs(t, Write(filepath.Join(t.TempDir(), "missing", "b"), func(*os.File) error {
		t.Error("work was begun")
		return nil
	}), os.ErrNotExist)
}

// The file is closed in any case, and one that cannot be flushed replaces nothing.
func TestWriteCloses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	require.NoError(t, WriteBytes(path, []byte("old")))
	failed := errors.New("half way")
	for _, want := range []error{failed, nil} {
		var file *os.File
		require.ErrorIs(t, Write(path, func(f *os.File) error {
			file = f
			return want
		}), want)
		require.ErrorIs(t, file.Close(), os.ErrClosed)
	}
	require.NoError(t, WriteBytes(path, []byte("old")))
	require.ErrorIs(t, Write(path, func(f *os.File) error { return f.Close() }), os.ErrClosed)
	require.Equal(t, "old", content(t, path))
}

func TestWriteOutOfOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	failed := errors.New("half way")
	write := func(err error) func(*os.File) error {
		return func(f *os.File) error {
			f.WriteAt([]byte("end"), 4)
			f.WriteAt([]byte("the "), 0)
			return err
		}
	}
	require.ErrorIs(t, Write(path, write(failed)), failed)
	require.NoFileExists(t, path)
	require.NoError(t, Write(path, write(nil)))
	require.Equal(t, "the end", content(t, path))
}

func content(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// The files present during a write are those that a kill would leave.
func TestLeftover(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Write(filepath.Join(dir, "a.txt"), func(*os.File) error {
		now, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, now, 1)
		require.True(t, Leftover(now[0].Name(), "a.txt"), now[0].Name())
		require.False(t, Leftover(now[0].Name(), "a"))
		return nil
	}))
	for _, foreign := range []string{"a.txt", ".a.txt", ".a.txt-", ".a.txt-old", ".a.txt-1~", "a.txt-1"} {
		require.False(t, Leftover(foreign, "a.txt"), foreign)
	}
}
