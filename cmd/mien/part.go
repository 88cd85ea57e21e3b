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
	if err := checkNew(flag, path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("%s %s: %w", flag, path, cause.Err)
	}
	return &partFile{f, path}, nil
}

// checkNew refuses a path at which there is something, or what a command has left of it.
func checkNew(flag, path string) error {
	part := path + ".part"
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s %s: it exists: choose another name, or remove it", flag, path)
	}
	if _, err := os.Lstat(part); err == nil {
		return fmt.Errorf("%s %s: %s, of a command that was interrupted or still runs, exists: rename or remove it", flag, path, part)
	}
	return nil
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
	announce(stderr, p.path)
	return err
}

// announce says where the results are of a file that isn't complete.
func announce(stderr io.Writer, path string) {
	fmt.Fprintf(stderr, "mien: %s.part keeps the results so far\n", path)
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
