package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// drawings is where inputs are drawn: a file, or a folder, which has no extension.
type drawings struct {
	path string
	many bool // a file in the folder for each input
	n    int  // inputs so far
}

// newDrawings checks that a path suits the inputs, and that no file is replaced.
func newDrawings(flag, path string, inputs []input) (d drawings, err error) {
	d = drawings{path: path, many: len(inputs) > 1}
	info, missing := os.Lstat(path)
	switch {
	case d.many && !d.folder():
		return d, fmt.Errorf("%s %s: there are %d inputs: name a folder", flag, path, len(inputs))
	case missing == nil && d.folder() && info.IsDir():
		return d, checkEmpty(flag, path)
	}
	return d, checkNew(flag, path)
}

func (d drawings) folder() bool { return filepath.Ext(d.path) == "" }

// file is where an input is drawn, in a folder as a file of the kind ext.
func (d drawings) file(s source, ext string) string {
	name := strings.TrimSuffix(filepath.Base(s.path), filepath.Ext(s.path)) + ext
	switch {
	case d.many:
		return filepath.Join(d.path, fmt.Sprintf("%03d-%s", d.n, name))
	case d.folder():
		return filepath.Join(d.path, name)
	}
	return d.path
}
