// Package report presents results: tables on the terminal, a progress bar, and a page with figures of a run. Charts are drawn by
// gonum/plot, for files and for pages, which are self-contained. Go on with page.go.
package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"mien/infer"
)

// Table prints rows under a header in aligned columns: numbers to the right, words to the left.
func Table(w io.Writer, header []string, rows [][]string) {
	widths := make([]int, len(header)) // in runes, negative for columns that are aligned to the left
	for i, h := range header {
		width, numeric := utf8.RuneCountInString(h), len(rows) > 0
		for _, row := range rows {
			width = max(width, utf8.RuneCountInString(Printable(row[i])))
			numeric = numeric && isNumber(row[i])
		}
		if !numeric {
			width = -width
		}
		widths[i] = width
	}
	Rows(w, widths, append([][]string{header}, rows...))
}

// Rows prints rows of a table with one write. Columns have at least their width in runes, and are aligned to the left where it is
// negative. Cells are made Printable.
func Rows(w io.Writer, widths []int, rows [][]string) error {
	var text strings.Builder
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = fmt.Sprintf("%*s", widths[i], Printable(cell))
		}
		fmt.Fprintln(&text, strings.TrimRight(strings.Join(cells, "  "), " "))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// Printable returns a text from outside, such as the name of a file, so that it can't move the cursor or worse: control characters
// and bytes that are not UTF-8 become Go's escapes.
func Printable(s string) string {
	quoted := strconv.QuoteToGraphic(s)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(quoted[1 : len(quoted)-1])
}

// isNumber accepts a number with a unit after a space, "93.1 %", and "-" for none.
func isNumber(s string) bool {
	if s == "-" {
		return true
	}
	number, _, _ := strings.Cut(s, " ")
	_, err := strconv.ParseFloat(number, 64)
	return err == nil
}

// ConfusionTable prints a confusion matrix, true classes by row, with recall, precision and F1 of each.
func ConfusionTable(w io.Writer, labels []string, m infer.Confusion) {
	percent := func(value float64, ok bool) string {
		if !ok {
			return "-"
		}
		return fmt.Sprintf("%.1f %%", value)
	}
	var rows [][]string
	for i, counts := range m {
		row := []string{labels[i]}
		for _, c := range counts {
			row = append(row, strconv.Itoa(c))
		}
		occurs := m.Count(i)+m.Predicted(i) > 0
		rows = append(rows, append(row, percent(m.Recall(i)), percent(m.Precision(i)), percent(m.F1(i), occurs)))
	}
	Table(w, slices.Concat([]string{""}, labels, []string{"recall", "precision", "F1"}), rows)
}
