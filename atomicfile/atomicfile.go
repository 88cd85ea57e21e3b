// Package atomicfile replaces files atomically: a reader sees the old content or the new, never a part, even after a kill.
package atomicfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Write replaces path by the content that write produces: a temporary file beside it is written, flushed to disk and renamed.
// An error leaves the old file. write must not close the file.
//
// Only a regular file is replaced, or nothing: renaming over a device would destroy it. Of a link, what it points to is
// replaced. A replaced file keeps its permissions; those of a new one are what the umask leaves.
func Write(path string, write func(*os.File) error) error {
	path, old, err := target(path)
	if err != nil {
		return err
	}
	perm := fs.FileMode(0o666)
	if old != nil {
		perm = old.Mode().Perm()
	}
	tmp, err := create(path, perm)
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, when there is nothing to remove
	defer tmp.Close()
	if err := write(tmp); err != nil {
		return err
	}
	if old != nil { // bits that the umask took
		err = tmp.Chmod(perm)
	}
	if err := cmp.Or(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// target follows links to the file that is to be replaced; old is nil if there is none yet.
func target(path string) (file string, old fs.FileInfo, err error) {
	old, err = os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return path, nil, refusal(path, "a link to nothing")
		}
		return path, nil, nil
	case err != nil:
		return path, nil, err
	case !old.Mode().IsRegular():
		return path, nil, refusal(path, "a folder or device")
	}
	file, err = filepath.EvalSymlinks(path)
	return file, old, err
}

func refusal(path, what string) error {
	return &fs.PathError{Op: "replace", Path: path, Err: errors.New("it is " + what + ", which is not replaced: name another file")}
}

// create makes the temporary file.
func create(path string, perm fs.FileMode) (*os.File, error) {
	dir, base := filepath.Split(path)
	for {
		name := dir + prefix(base) + fmt.Sprint(rand.Uint32())
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
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

// prefix is the prefix of the temporary file's name; a number follows.
func prefix(base string) string { return "." + base + "-" }
