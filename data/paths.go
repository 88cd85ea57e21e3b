package data

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Lists of paths without need of labels, for predictions.

// ReadPaths returns the paths of a list: one a line, relative to root. Blank lines and those that begin with # are skipped. It also
// takes the paths of labelled lists: their column under a header, and what stands before a label where the whole line is no
// file; these are found with other extensions, as in training. A missing file is an error of opening it.
func ReadPaths(r io.Reader, root string) (paths []string, err error) {
	text, err := listText(r)
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("no list: it has bytes that no text has")
	}
	begun, column := false, -1 // of the paths, where the list has a header
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		header := -1
		if !begun {
			header, begun = pathColumn(line), true
		}
		switch {
		case header >= 0:
			column = header
		case column >= 0:
			record, err := csv.NewReader(strings.NewReader(line)).Read()
			if err != nil || column >= len(record) {
				return nil, fmt.Errorf("%.60q is no row of a CSV", line)
			}
			paths = append(paths, labelledPath(record[column], root))
		default:
			paths = append(paths, linePath(line, root))
		}
	}
	if len(paths) == 0 {
		return nil, errors.New("no paths in this list")
	}
	return paths, nil
}

// pathColumn returns which column of a header has the paths, −1 if the line is no header of several columns.
func pathColumn(line string) int {
	header, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil || len(header) < 2 {
		return -1
	}
	path, _ := columns(header)
	return path
}

// ReadPathList is ReadPaths on a file.
func ReadPathList(list, root string) ([]string, error) {
	return fromFile(list, "a list", func(f *os.File) ([]string, error) { return ReadPaths(f, root) })
}

// linePath returns the path on a line, which a label may follow.
func linePath(line, root string) string {
	path := below(root, line)
	cut := strings.LastIndexAny(line, " \t")
	if cut < 0 || isSample(path, Video) || strings.ContainsAny(line[cut:], "./") {
		return path
	}
	if labelled := labelledPath(strings.TrimSpace(line[:cut]), root); isSample(labelled, Video) {
		return labelled
	}
	return path
}

// labelledPath returns the path of a sample in a labelled list.
func labelledPath(id, root string) string {
	path := below(root, id)
	return cmp.Or(findSample(path, Video), findSample(path, Image), path)
}

func below(root, path string) string {
	path = filepath.FromSlash(path)
	if root == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, path)
}
