package data

import (
	"bufio"
	"bytes"
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

// dynamicHeaders are the first rows by which ReadDynamicList recognises the lists of each dataset.
var dynamicHeaders = []struct {
	name, header string
	classes      []string
}{
	{"DFEW", "video_name,label", DFEW},
	{"FERV39K", "path,id", FERV39K},
	{"MAFW", "video_name,labels", MAFW},
}

// row is a line of a list.
type row struct {
	line  int
	id    string // verbatim; ids are strings, 00012 is not 12
	path  string
	label int
}

// listed is a Dataset read from a list.
type listed struct {
	modality Modality
	rows     []row
	classes  []string
}

func (d *listed) Modality() Modality { return d.modality }
func (d *listed) Len() int           { return len(d.rows) }
func (d *listed) Name(i int) string  { return d.rows[i].id }
func (d *listed) Label(i int) int    { return d.rows[i].label }
func (d *listed) Classes() []string  { return d.classes }

func (d *listed) Open(i int) (Sample, error) { return d.OpenSized(i, OpenOptions{}) }

// OpenSized implements Sizer.
func (d *listed) OpenSized(i int, opt OpenOptions) (Sample, error) {
	path := d.rows[i].path
	if d.modality == Image {
		f, err := OpenImage(path)
		if err != nil {
			return nil, err
		}
		return newMemSample(path, []*Frames{opt.fit(f)}), nil
	}
	sample, _, err := Open(path, opt)
	return sample, err
}

// ReadStaticList reads a list of images in AffectNet's form: "path label" separated by a space, without a header, paths
// relative to root. If a row's file is missing but one with another image extension exists, that one is used: copies of
// AffectNet differ in it. Every row's file must exist; a missing one, a label that is not 0 … 999 and any other bad row is an
// error that names the line.
func ReadStaticList(list, root string) (Dataset, error) {
	return readList(list, root, parseStatic, "image", slices.Concat(imageExts, []string{".gif"}))
}

// ReadDynamicList reads a list of videos in the form of DFEW (header "video_name,label"), FERV39K ("path,id") or MAFW
// ("video_name,labels"). A row names the folder root/id, or an animated GIF or a video, whose extension the id may omit. Rows
// are checked as in ReadStaticList. The header also determines the order of the classes.
func ReadDynamicList(list, root string) (Dataset, error) {
	return readList(list, root, parseDynamic, "folder or video", slices.Concat(videoExts, []string{".gif"}))
}

// readList reads a list and finds the file or folder of each row, with one of the extensions.
func readList(list, root string, parse func([]byte) (*listed, error), kind string, exts []string) (Dataset, error) {
	d, err := fromFile(list, "a list", func(f *os.File) (*listed, error) {
		text, err := io.ReadAll(io.LimitReader(f, maxListBytes+1))
		if err != nil {
			return nil, err
		}
		if len(text) > maxListBytes {
			return nil, fmt.Errorf("larger than the limit of %d MiB for a list", maxListBytes>>20)
		}
		return parse(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))) // the byte-order mark
	})
	if err != nil {
		return nil, err
	}
	if len(d.rows) == 0 {
		return nil, fmt.Errorf("%s: no samples in this list", list)
	}
	for i := range d.rows {
		r := &d.rows[i]
		if r.path = findSample(joinRoot(root, r.id), d.modality, exts); r.path == "" {
			return nil, fmt.Errorf("%s: line %d: %s: no such %s; is %s the folder that the list's names are relative to?",
				list, r.line, joinRoot(root, r.id), kind, root)
		}
	}
	return d, nil
}

// parseStatic reads rows without a header, so without class names.
func parseStatic(text []byte) (*listed, error) {
	d := &listed{modality: Image}
	lines := bufio.NewScanner(bytes.NewReader(text)) // also drops the \r of \r\n
	line := 1
	for ; lines.Scan(); line++ {
		s := strings.TrimSpace(lines.Text())
		if s == "" {
			continue
		}
		cut := strings.LastIndexAny(s, " \t") // the path may contain spaces
		if cut < 0 {
			return nil, fmt.Errorf("line %d: %s is not of the form \"path label\"", line, quote(s))
		}
		if err := d.add(line, s[:cut], s[cut+1:]); err != nil {
			return nil, err
		}
	}
	if lines.Err() != nil {
		return nil, fmt.Errorf("line %d: too long for a list", line)
	}
	return d, nil
}

func parseDynamic(text []byte) (*listed, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil && err != io.EOF {
		return nil, csvError(err)
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	d := &listed{modality: Video}
	if d.classes, err = classesOf(strings.Join(header, ",")); err != nil {
		return nil, err
	}
	for {
		record, err := r.Read()
		if err == io.EOF {
			return d, nil
		} else if err != nil {
			return nil, csvError(err)
		}
		line, _ := r.FieldPos(0)
		if len(record) != 2 {
			return nil, fmt.Errorf("line %d: %d columns instead of 2", line, len(record))
		}
		if err := d.add(line, record[0], record[1]); err != nil {
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
	return nil, fmt.Errorf("the first line is %s, but must be %s", quote(header), strings.Join(known, ", "))
}

// csvError reports the line in the form of the other messages.
func csvError(err error) error {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("line %d: %w", e.Line, e.Err)
	}
	return err
}

// add appends a row to the list.
func (d *listed) add(line int, id, label string) error {
	id, label = strings.TrimSpace(id), strings.TrimSpace(label)
	if id == "" || strings.ContainsAny(id, "\x00\n\r") {
		return fmt.Errorf("line %d: %s is not a name", line, quote(id))
	}
	n, err := strconv.Atoi(label)
	if err != nil || n < 0 || n > maxLabel {
		return fmt.Errorf("line %d: label %s is not a whole number from 0 to %d", line, quote(label), maxLabel)
	}
	d.rows = append(d.rows, row{line: line, id: strings.Clone(id), label: n})
	return nil
}

// quote quotes the beginning of a file's text, which may be long or binary.
func quote(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strconv.Quote(s)
}

func joinRoot(root, id string) string {
	path := filepath.FromSlash(id)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, path)
}

// findSample returns the path of a sample: as written, with another extension, or with one added; "" if there is none.
func findSample(path string, m Modality, exts []string) string {
	if isSample(path, m) {
		return path
	}
	stem := path
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
