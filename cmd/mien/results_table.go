package main

import (
	"io"
	"unicode/utf8"

	"mien/report"
)

// table is a table whose widths are fixed before its rows are known: a longer path moves what stands behind it.
type table struct {
	w      io.Writer
	top    int // expressions in a row
	widths []int
	head   []string // until it is printed
}

// longestPath is the largest width of the first column.
const longestPath = 60

// newTable has columns of some names, of which the first is the path of an input, then expressions with these labels, and one of free text.
func newTable(w io.Writer, top int, names, labels []string, inputs []input, last string) *table {
	path, label := len("path"), 0
	for _, in := range inputs {
		path = min(max(path, utf8.RuneCountInString(report.Printable(in.path))), longestPath)
	}
	for _, l := range labels {
		label = max(label, utf8.RuneCountInString(l))
	}
	widths := []int{-path}
	for _, name := range names[1:] {
		widths = append(widths, -len(name))
	}
	head := ranked(names, top, "expression", "probability", " ")
	for rank := range top {
		at := len(names) + 2*rank
		widths = append(widths, -max(label, len(head[at])), len(head[at+1]))
	}
	return &table{w: w, top: top, widths: append(widths, 0), head: append(head, last)}
}

// print prints rows, below the head if they are the first.
func (t *table) print(rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	if t.head != nil {
		rows, t.head = append([][]string{t.head}, rows...), nil
	}
	return report.Rows(t.w, t.widths, rows)
}
