// Package atomicfile replaces files whole: a reader, or whoever comes after a kill, sees the old content or the new, never half.
package atomicfile

import (
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Write gives path the content that write produces: it is written beside, flushed to disk and renamed. An error leaves what was
// there before.
func Write(path string, write func(io.Writer) error) error {
	return replace(path, func(f *os.File) error { return write(f) })
}

// WriteAt is Write of content that is not produced from front to back.
func WriteAt(path string, write func(io.WriterAt) error) error {
	return replace(path, func(f *os.File) error { return write(f) })
}

func replace(path string, write func(*os.File) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), prefix(filepath.Base(path))+"*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, when there is nothing to remove
	defer tmp.Close()
	if err := write(tmp); err != nil {
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// WriteBytes is Write of content that is at hand.
func WriteBytes(path string, content []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// Leftover tells whether name is that of a file that a Write to a file called base leaves beside it when it is killed.
func Leftover(name, base string) bool {
	number, ok := strings.CutPrefix(name, prefix(base))
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// prefix begins the name under which a file is written; os.CreateTemp adds a number.
func prefix(base string) string { return "." + base + "-" }
