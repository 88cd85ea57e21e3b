package data

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The lists of the published datasets, parsed and checked row by row.

const (
	maxListBytes = 256 << 20
	maxLabel     = 999 // a larger number is an id in the wrong column, not a class
)

// dynamicHeaders are the first rows by which readList recognises the lists of each dataset.
var dynamicHeaders = []struct {
	name, header string
	classes      []string
}{
	{"DFEW", "video_name,label", DFEW},
	{"FERV39K", "path,id", FERV39K},
	{"MAFW", "video_name,labels", MAFW},
}

// readList reads a list of images or of videos; it returns nil for the list "".
//
// Images are listed in AffectNet's form: "path label" separated by a space, without a header, paths relative to root. If a row's
// file is missing but one with another image extension exists, that one is used: copies of AffectNet differ in it.
//
// Videos are listed in the form of DFEW (header "video_name,label"), FERV39K ("path,id") or MAFW ("video_name,labels"). A row
// names the folder root/id, or an animated GIF or a video, whose extension the id may omit. The header also determines the order
// of the classes.
//
// Every row's file must exist; a missing one, a label that is not 0 … 999 and any other bad row is an error that names the line.
func readList(list, root string, m Modality) (*Dataset, error) {
	if list == "" {
		return nil, nil
	}
	return fromFile(list, "a list", func(f *os.File) (*Dataset, error) {
		text, err := io.ReadAll(io.LimitReader(f, maxListBytes+1))
		if err != nil {
			return nil, err
		}
		if len(text) > maxListBytes {
			return nil, fmt.Errorf("larger than the limit of %d MiB for a list", maxListBytes>>20)
		}
		text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")) // the byte-order mark
		d := &Dataset{Modality: m}
		d.Classes, err = ByModality(m, parseStatic, parseDynamic)(text, func(r row) error {
			item, err := r.item(m, root)
			item.List = list
			d.Items = append(d.Items, item)
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(d.Items) == 0 {
			return nil, errors.New("no samples in this list")
		}
		return d, nil
	})
}

// parseStatic reads rows without a header, so without class names.
func parseStatic(text []byte, add func(row) error) (classes []string, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text)) // also drops the \r of \r\n
	line := 1
	for ; lines.Scan(); line++ {
		s := strings.TrimSpace(lines.Text())
		if s == "" {
			continue
		}
		cut := strings.LastIndexAny(s, " \t") // the path may contain spaces
		if cut < 0 {
			return nil, fmt.Errorf("line %d: %.60q is not of the form \"path label\"", line, s)
		}
		if err := add(row{line, s[:cut], s[cut+1:]}); err != nil {
			return nil, err
		}
	}
	if lines.Err() != nil {
		return nil, fmt.Errorf("line %d: too long for a list", line)
	}
	return nil, nil
}

func parseDynamic(text []byte, add func(row) error) (classes []string, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil && err != io.EOF {
		return nil, err
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	if classes, err = classesOf(strings.Join(header, ",")); err != nil {
		return nil, err
	}
	for {
		record, err := r.Read()
		if err == io.EOF {
			return classes, nil
		} else if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		if len(record) != 2 {
			return nil, fmt.Errorf("line %d: %d columns instead of 2", line, len(record))
		}
		if err := add(row{line, record[0], record[1]}); err != nil {
			return nil, err
		}
	}
}

// classesOf returns the class order of the dataset whose lists begin with the header.
func classesOf(header string) ([]string, error) {
	var known []string
	for _, d := range dynamicHeaders {
		if header == d.header {
			return d.classes, nil
		}
		known = append(known, fmt.Sprintf("%q (%s)", d.header, d.name))
	}
	return nil, fmt.Errorf("the first line is %.60q, but must be %s", header, strings.Join(known, ", "))
}

// row is a line of a list as it stands there.
type row struct {
	line      int
	id, label string
}

// check returns the id, verbatim because ids are strings and 00012 is not 12, and the label's number.
func (r row) check() (id string, label int, err error) {
	id = strings.TrimSpace(r.id)
	if id == "" || strings.ContainsAny(id, "\x00\n\r") {
		return "", 0, fmt.Errorf("line %d: %.60q is not a name", r.line, id)
	}
	number := strings.TrimSpace(r.label)
	if label, err = strconv.Atoi(number); err != nil || label < 0 || label > maxLabel {
		return "", 0, fmt.Errorf("line %d: label %.60q is not a whole number from 0 to %d", r.line, number, maxLabel)
	}
	return strings.Clone(id), label, nil
}

// item finds the file or folder of a row.
func (r row) item(m Modality, root string) (Item, error) {
	id, label, err := r.check()
	if err != nil {
		return Item{}, err
	}
	named := filepath.FromSlash(id)
	if !filepath.IsAbs(named) {
		named = filepath.Join(root, named)
	}
	path := findSample(named, m)
	if path == "" {
		return Item{}, fmt.Errorf("line %d: %s: no such %s; is %s the folder that the list's names are relative to?",
			r.line, named, ByModality(m, "image", "folder or video"), cmp.Or(root, "the current folder"))
	}
	return Item{Name: id, Label: label, Open: func(ctx context.Context, opt OpenOptions) (Sample, error) {
		if m == Video {
			sample, _, err := Open(ctx, path, opt)
			return sample, err
		}
		f, err := OpenImage(ctx, path, opt)
		if err != nil {
			return nil, err
		}
		return inMemory(path, []*Frames{f}), nil
	}}, nil
}

// findSample returns the path of a sample: as written, with another extension, or with one added; "" if there is none.
func findSample(path string, m Modality) string {
	if isSample(path, m) {
		return path
	}
	stem, exts := path, slices.Concat(ByModality(m, imageExts, videoExts), []string{".gif"})
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

// isSample accepts a file, for a video also a folder.
func isSample(path string, m Modality) bool {
	info, err := os.Stat(path)
	return err == nil && (m == Video || !info.IsDir())
}
