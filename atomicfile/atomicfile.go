// Package atomicfile replaces files atomically: a reader sees the old content or the new, never a part, even after a kill.
package atomicfile

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// Write replaces path by the content that write produces: a temporary file beside it is written, flushed to disk and renamed.
// An error leaves the old file. write must not close the file.
func Write(path string, write func(*os.File) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), prefix(filepath.Base(path))+"*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, when there is nothing to remove
	defer tmp.Close()
	if err := write(tmp); err != nil {
		return err
	}
	if err := cmp.Or(tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// WriteBytes is Write for content in memory.
func WriteBytes(path string, content []byte) error {
	return Write(path, func(f *os.File) error {
		_, err := f.Write(content)
		return err
	})
}

// Leftover reports whether name is the temporary file that a killed Write to base leaves behind.
func Leftover(name, base string) bool {
	number, ok := strings.CutPrefix(name, prefix(base))
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// prefix is the prefix of the temporary file's name; os.CreateTemp adds a number.
func prefix(base string) string { return "." + base + "-" }
