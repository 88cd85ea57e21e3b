package data

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The rows of a list, in each of its forms, and the classes that their labels stand for.

const (
	maxLabel     = 999 // a larger number is an id in the wrong column, not a class
	maxNameBytes = 100 // a longer label is no class name
)

// dynamicHeaders are the first rows by which the lists of each video dataset are recognised.
var dynamicHeaders = []struct {
	name, header string
	classes      []string
}{
	{"DFEW", "video_name,label", DFEW},
	{"FERV39K", "path,id", FERV39K},
	{"MAFW", "video_name,labels", MAFW},
}

// The columns by which the header of any other list is recognised, in lower case.
var (
	pathColumns  = []string{"path", "file", "filename", "image", "video", "video_name", "subdirectory_filepath"}
	labelColumns = []string{"label", "labels", "class", "expression", "emotion"}
)

// row is a line of a list as it stands there.
type row struct {
	line       int
	id, label  string
	unlabelled bool // has no label, as no row of its list
}

// parseStatic reads rows "path label", or a CSV whose header names both columns. It knows no order of classes.
func parseStatic(text []byte, add func(row) error) (classes []string, err error) {
	if isCSV(text) {
		return nil, parseCSV(text, add, func(header []string) (path, label int, err error) {
			path, label = columns(header)
			return path, label, nil
		})
	}
	return nil, parseLines(text, add)
}

// parseDynamic reads a CSV. It returns the order of classes for which the header stands, nil if that is not one of a dataset.
func parseDynamic(text []byte, add func(row) error) (classes []string, err error) {
	err = parseCSV(text, add, func(header []string) (path, label int, err error) {
		joined := strings.Join(header, ",")
		for _, d := range dynamicHeaders {
			if joined == d.header {
				classes = d.classes
				return 0, 1, nil
			}
		}
		if path, label = columns(header); path < 0 || label < 0 {
			return 0, 0, fmt.Errorf("the first line is %.60q, but must be %s, or name a column path and a column label", joined, knownHeaders())
		}
		return path, label, nil
	})
	if err != nil {
		return nil, err
	}
	return classes, nil
}

func knownHeaders() string {
	var known []string
	for _, d := range dynamicHeaders {
		known = append(known, fmt.Sprintf("%q (%s)", d.header, d.name))
	}
	return strings.Join(known, ", ")
}

// isCSV reports whether the first line that is neither blank nor a comment names a column of paths and one of labels.
func isCSV(text []byte) bool {
	header, err := newCSV(text).Read()
	path, label := columns(header)
	return err == nil && path >= 0 && label >= 0
}

// columns finds the columns of paths and of labels in a header, −1 where there is none.
func columns(header []string) (path, label int) {
	find := func(names []string) int {
		return slices.IndexFunc(header, func(column string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(column))) })
	}
	return find(pathColumns), find(labelColumns)
}

// lines calls do for each line that is neither blank nor a comment, numbered from 1, until that returns an error.
func lines(text []byte, do func(line int, s string) error) error {
	scanner := bufio.NewScanner(bytes.NewReader(text)) // also drops the \r of \r\n
	line := 1
	for ; scanner.Scan(); line++ {
		if s := strings.TrimSpace(scanner.Text()); s != "" && s[0] != '#' {
			if err := do(line, s); err != nil {
				return err
			}
		}
	}
	if scanner.Err() != nil {
		return fmt.Errorf("line %d: too long for a list", line)
	}
	return nil
}

// parseLines reads rows "path label", without a header.
func parseLines(text []byte, add func(row) error) error {
	first := true
	return lines(text, func(line int, s string) error {
		cut := strings.LastIndexAny(s, " \t") // the path may contain spaces
		if cut < 0 {
			return fmt.Errorf("line %d: %.60q is not of the form \"path label\", nor is there a CSV header such as path,label", line, s)
		}
		path, label := columns([]string{s[:cut], s[cut+1:]})
		header := first && path == 0 && label == 1
		if first = false; header {
			return nil
		}
		return add(row{line: line, id: s[:cut], label: s[cut+1:]})
	})
}

// unlabelled reports whether the first row of a list is a path alone.
func unlabelled(text []byte, m Modality) bool {
	for s := range strings.Lines(string(text)) {
		if s = strings.TrimSpace(s); s != "" && s[0] != '#' {
			return isPath(s, m)
		}
	}
	return false
}

// isPath reports whether a row is a path alone. Labelled videos are listed as CSVs; a label of an image follows its extension.
func isPath(s string, m Modality) bool {
	if m == Video {
		return !strings.Contains(s, ",")
	}
	return !strings.ContainsAny(s, " \t,") || slices.Contains(imageExts, lowerExt(s)) || lowerExt(s) == ".gif"
}

// parsePaths reads rows that are a path each, without a header.
func parsePaths(text []byte, m Modality, add func(row) error) error {
	first := true
	return lines(text, func(line int, s string) error {
		if !isPath(s, m) {
			return fmt.Errorf("line %d: %.60q has a label, and the lines before have none: write labels in all lines, or in none", line, s)
		}
		header := first && slices.Contains(pathColumns, strings.ToLower(s))
		if first = false; header {
			return nil
		}
		return add(row{line: line, id: s, unlabelled: true})
	})
}

func newCSV(text []byte) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.ReuseRecord, r.Comment = -1, true, '#'
	return r
}

// parseCSV reads the two columns that choose finds in the header.
func parseCSV(text []byte, add func(row) error, choose func(header []string) (path, label int, err error)) error {
	r := newCSV(text)
	header, err := r.Read()
	if err != nil && err != io.EOF {
		return err
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	width := len(header)
	path, label, err := choose(header)
	if err != nil {
		return err
	}
	for {
		record, err := r.Read()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if len(record) != width {
			return fmt.Errorf("line %d: %d columns instead of %d", line, len(record), width)
		}
		if err := add(row{line: line, id: record[path], label: record[label]}); err != nil {
			return err
		}
	}
}

// check returns the id, verbatim because ids are strings and 00012 is not 12, and the label as a class number, or −1 and its name,
// if it has one.
func (r row) check() (id string, number int, name string, err error) {
	id = strings.TrimSpace(r.id)
	if id == "" || strings.ContainsAny(id, "\x00\n\r") {
		return "", 0, "", fmt.Errorf("line %d: %.60q is not a name", r.line, id)
	}
	if r.unlabelled {
		return strings.Clone(id), Unlabelled, "", nil
	}
	label := strings.TrimSpace(r.label)
	if number, err = strconv.Atoi(label); err == nil && number >= 0 && number <= maxLabel {
		return strings.Clone(id), number, "", nil
	}
	if first, _ := utf8.DecodeRuneInString(label); !unicode.IsLetter(first) || !isName(label) {
		return "", 0, "", fmt.Errorf("line %d: label %.60q is neither a whole number from 0 to %d nor the name of a class",
			r.line, label, maxLabel)
	}
	return strings.Clone(id), -1, strings.Clone(label), nil
}

// isName accepts what messages and flags can show as one of several class names.
func isName(s string) bool {
	odd := func(r rune) bool { return r == ',' || r == utf8.RuneError || !unicode.IsPrint(r) }
	return len(s) <= maxNameBytes && !strings.ContainsFunc(s, odd)
}
