package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// partFile is a file of results, called FILE.part until it is complete: what an interrupted command has done stays there.
type partFile struct {
	*os.File
	path string
}

// createPart begins the file that a flag names. It replaces none: a path given behind the wrong flag is not lost.
func createPart(flag, path string) (*partFile, error) {
	part := path + ".part"
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s %s: it exists: choose another name, or remove it", flag, path)
	}
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s %s: %s, of a command that was interrupted or still runs, exists: rename or remove it", flag, path, part)
	}
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("%s %s: %w", flag, path, cause.Err)
	}
	return &partFile{f, path}, nil
}

// finish gives a complete file its name. One that isn't stays as it is, unless it is empty, and stderr is told where.
func (p *partFile) finish(complete bool, stderr io.Writer) error {
	info, err := p.Stat()
	err = cmp.Or(err, p.Sync(), p.Close())
	switch {
	case err == nil && complete:
		return os.Rename(p.Name(), p.path)
	case err == nil && info.Size() == 0:
		return os.Remove(p.Name())
	}
	fmt.Fprintf(stderr, "mien: %s keeps the results so far\n", p.Name())
	return err
}

// partFiles are all such files of a command.
type partFiles struct {
	all    []*partFile
	stderr io.Writer
}

// create begins the file that a flag names.
func (f *partFiles) create(flag, path string) (*partFile, error) {
	p, err := createPart(flag, path)
	if err == nil {
		f.all = append(f.all, p)
	}
	return p, err
}

// finish finishes all of them, and returns the first error.
func (f *partFiles) finish(complete bool) (err error) {
	for _, p := range f.all {
		err = cmp.Or(err, p.finish(complete, f.stderr))
	}
	return err
}
