// Package report presents results: tables on the terminal, a progress bar, and a page with figures of a run. Figures are plain
// SVG without a library: they are few, and a page must be self-contained. Go on with page.go.
package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"mien/infer"
)

// Table prints rows under a header in aligned columns: numbers to the right, words to the left.
func Table(w io.Writer, header []string, rows [][]string) {
	widths := make([]int, len(header))
	numeric := make([]bool, len(header))
	for i, h := range header {
		widths[i], numeric[i] = utf8.RuneCountInString(h), len(rows) > 0
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
			numeric[i] = numeric[i] && isNumber(row[i])
		}
	}
	for _, row := range append([][]string{header}, rows...) {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if numeric[i] {
				line.WriteString(space + cell)
			} else {
				line.WriteString(cell + space)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// isNumber accepts a number with a unit after a space: "93.1 %".
func isNumber(s string) bool {
	number, _, _ := strings.Cut(s, " ")
	_, err := strconv.ParseFloat(number, 64)
	return err == nil
}

// ConfusionTable prints a confusion matrix, true classes by row, with the recall of each.
func ConfusionTable(w io.Writer, labels []string, m infer.Confusion) {
	header := append([]string{""}, labels...)
	var rows [][]string
	for i, counts := range m {
		row := []string{labels[i]}
		for _, c := range counts {
			row = append(row, strconv.Itoa(c))
		}
		recall := "-"
		if r, ok := m.Recall(i); ok {
			recall = fmt.Sprintf("%.1f %%", r)
		}
		rows = append(rows, append(row, recall))
	}
	Table(w, append(header, "recall"), rows)
}
