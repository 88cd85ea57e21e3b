package data

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Lists of labelled samples: their classes, and the files that they name. rows.go reads their forms.

const maxListBytes = 256 << 20

// listText reads a list of any kind, without its byte-order mark.
func listText(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxListBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxListBytes {
		return nil, fmt.Errorf("larger than the limit of %d MiB for a list", maxListBytes>>20)
	}
	return bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")), nil
}

// readList reads a list of images or of videos; it returns nil for the list "".
//
// Images are listed in AffectNet's form, "path label" separated by a space, or in a CSV with a header that names a column of paths
// and one of labels; others are ignored. If a row's file is missing but one with another image extension exists, that one is used:
// copies of AffectNet differ in it.
//
// Videos are listed in the form of DFEW (header "video_name,label"), FERV39K ("path,id") or MAFW ("video_name,labels"), which also
// determines the order of the classes, or in a CSV as for images, with names for labels. A row names a folder, or an animated GIF
// or a video, whose extension it may omit.
//
// Where labels are not needed, a list may also have none: a path a line.
//
// Paths are relative to root. Blank lines and those that begin with # are skipped. Labels are all numbers, from 0 to 999, or all
// names of classes; any other row is an error that names the line. A missing file is an error of opening and checking its sample.
func readList(list, root string, m Modality, labelled bool) (*Dataset, error) {
	if list == "" {
		return nil, nil
	}
	return fromFile(list, "a list", func(f *os.File) (*Dataset, error) {
		text, err := listText(f)
		if err != nil {
			return nil, err
		}
		d, seen, paths := &Dataset{Modality: m}, classNames{}, unlabelled(text, m)
		add := func(r row) error {
			id, label, name, err := r.check()
			switch {
			case err != nil:
			case len(d.Items) > 0 && seen.named() != (name != ""):
				err = fmt.Errorf("line %d: label %.60q: a list has either numbers or names of classes", r.line, r.label)
			case name != "":
				label, err = seen.number(r, name)
			}
			s := &listed{list, root, id, r.line, m}
			d.Items = append(d.Items, Item{Name: id, Label: label, List: list, Line: r.line, Open: s.open, Check: s.check})
			return err
		}
		if paths && !labelled {
			err = parsePaths(text, m, add)
		} else {
			d.Classes, err = ByModality(m, parseStatic, parseDynamic)(text, add)
		}
		switch {
		case err != nil && paths && labelled:
			return nil, fmt.Errorf("%w; a list without labels serves pre-training alone", err)
		case err != nil:
			return nil, err
		case len(d.Items) == 0:
			return nil, errors.New("no samples in this list")
		case seen.named():
			return named(d, seen.names), nil
		case m == Video && d.Classes == nil && d.Items[0].Label != Unlabelled:
			return nil, fmt.Errorf("the labels are numbers, but of which classes? Write their names, or the header %s", knownHeaders())
		}
		return d, nil
	})
}

// classNames are the names of classes in a list, in the order in which they are met.
type classNames struct {
	names []string
	index map[string]int
}

func (c *classNames) named() bool { return len(c.names) > 0 }

// number returns the place of the name among all.
func (c *classNames) number(r row, name string) (int, error) {
	name = spelled(name)
	if i, ok := c.index[name]; ok {
		return i, nil
	}
	if len(c.names) > maxLabel {
		return 0, fmt.Errorf("line %d: label %.60q: a list has at most %d classes", r.line, r.label, maxLabel+1)
	}
	if c.index == nil {
		c.index = map[string]int{}
	}
	c.index[name] = len(c.names)
	c.names = append(c.names, name)
	return c.index[name], nil
}

// named returns d, whose labels are places among names, with its classes in their usual order.
func named(d *Dataset, names []string) *Dataset {
	d.Classes = names
	classes := usualOrder(d.Modality, names)
	return &Dataset{Modality: d.Modality, Classes: classes, Named: true, Items: renumbered(d, classes)}
}

// listed is a sample as a list names it.
type listed struct {
	list, root, id string
	line           int
	m              Modality
}

func (l *listed) open(ctx context.Context, opt OpenOptions) (Sample, error) {
	path, err := l.find()
	if err != nil {
		return nil, err
	}
	if l.m == Video {
		sample, _, err := Open(ctx, path, opt)
		return sample, err
	}
	f, err := OpenImage(ctx, path, opt)
	if err != nil {
		return nil, err
	}
	return inMemory(path, []*Frames{f}), nil
}

// check reads the headers of the sample's files.
func (l *listed) check(ctx context.Context) error {
	path, err := l.find()
	if err != nil {
		return err
	}
	return checkHeaders(ctx, path, l.m)
}

// find returns the file or folder of the sample.
func (l *listed) find() (string, error) {
	named := filepath.FromSlash(l.id)
	if !filepath.IsAbs(named) {
		named = filepath.Join(l.root, named)
	}
	path := findSample(named, l.m)
	if path == "" {
		return "", missing(fmt.Sprintf("%s: no such %s (%s, line %d); is %s the folder that the list's names are relative to?",
			named, ByModality(l.m, "image", "folder or video"), l.list, l.line, cmp.Or(l.root, "the current folder")))
	}
	return path, nil
}

// missing is the error of a sample that is not there.
type missing string

func (e missing) Error() string { return string(e) }

func (missing) Is(target error) bool { return target == fs.ErrNotExist }

// findSample returns the path of a sample: as written, with another extension, or with one added; "" if there is none.
func findSample(path string, m Modality) string {
	if isSample(path, m) {
		return path
	}
	stem, exts := path, extensions(m)
	if slices.Contains(exts, lowerExt(path)) {
		stem = path[:len(path)-len(filepath.Ext(path))]
	}
	for _, ext := range exts {
		if isSample(stem+ext, m) {
			return stem + ext
		}
	}
	return ""
}

// extensions are those of files of a modality.
func extensions(m Modality) []string {
	return append(slices.Clone(ByModality(m, imageExts, videoExts)), ".gif")
}

// HasExtension tells whether a file is called as those of a modality are.
func HasExtension(path string, m Modality) bool {
	return slices.Contains(extensions(m), lowerExt(path))
}

// isSample accepts a file, for a video also a folder.
func isSample(path string, m Modality) bool {
	info, err := os.Stat(path)
	return err == nil && (m == Video || !info.IsDir())
}
