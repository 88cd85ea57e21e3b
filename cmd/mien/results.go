package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"mien/data"
	"mien/infer"
	"mien/report"
)

// results writes predictions as they come: each is one write of whole lines, so that an interruption leaves no part of one.
type results interface {
	add(infer.Prediction) error
	failed(path string, cause error) error
}

// results returns what writes in the format of the flags.
func (c *predictCmd) results(w io.Writer, m *infer.Model, inputs []input) results {
	top := 0
	if c.Top != nil {
		top = min(int(*c.Top), max(m.Net.Classes(data.Image), m.Net.Classes(data.Video)))
	}
	switch {
	case c.JSON:
		return &jsonResults{json.NewEncoder(w), top}
	case c.CSV:
		return &csvResults{w: w, top: max(top, 1)}
	}
	return newTableResults(w, max(top, 1), m, inputs)
}

type jsonResults struct {
	*json.Encoder
	top int // 0 without --top
}

func (r *jsonResults) add(p infer.Prediction) error {
	p.Top = p.Ranks(r.top)
	return r.Encode(p)
}

const failureFormat = "mien-prediction-error-1"

// failure is printed in place of a prediction.
type failure struct {
	Format    string `json:"format"`
	Path      string `json:"path"`
	PathBytes []byte `json:"path_base64,omitempty"`
	Error     string `json:"error"`
}

func (r *jsonResults) failed(path string, cause error) error {
	return r.Encode(failure{failureFormat, path, infer.PathBytes(path), reason(path, cause)})
}

// reason is the text of an error without the path in front.
func reason(path string, cause error) string { return strings.TrimPrefix(cause.Error(), path+": ") }

type csvResults struct {
	w     io.Writer
	top   int
	begun bool
}

func (r *csvResults) add(p infer.Prediction) error {
	row := answers(p, r.top, func(probability float64) string { return fmt.Sprint(probability) })
	return r.write(append(row, strconv.Itoa(p.Frames), seen(p), ""))
}

func (r *csvResults) failed(path string, cause error) error {
	row := make([]string, 2+2*r.top+3)
	row[0], row[len(row)-1] = path, reason(path, cause)
	return r.write(row)
}

func (r *csvResults) write(row []string) error {
	var text strings.Builder
	w := csv.NewWriter(&text)
	if !r.begun {
		w.Write(append(columns(r.top, "label", "probability", "_"), "frames", "frames_seen", "error"))
		r.begun = true
	}
	w.Write(row)
	w.Flush()
	_, err := io.WriteString(r.w, text.String())
	return err
}

// tableResults is a table whose widths are fixed before its rows are known: a longer path moves what stands behind it.
type tableResults struct {
	w      io.Writer
	top    int
	widths []int
	head   []string // until it is printed
}

// longestPath is the largest width of the first column.
const longestPath = 60

func newTableResults(w io.Writer, top int, m *infer.Model, inputs []input) *tableResults {
	path, label := len("path"), 0
	for _, in := range inputs {
		path = min(max(path, utf8.RuneCountInString(report.Printable(in.path))), longestPath)
	}
	for _, l := range slices.Concat(m.Labels[data.Image], m.Labels[data.Video]) {
		label = max(label, utf8.RuneCountInString(l))
	}
	head := append(columns(top, "expression", "probability", " "), "frames seen")
	widths := []int{-path, -len("modality")}
	for rank := range top {
		widths = append(widths, -max(label, len(head[2+2*rank])), len(head[3+2*rank]))
	}
	return &tableResults{w: w, top: top, widths: append(widths, 0), head: head}
}

func (r *tableResults) add(p infer.Prediction) error {
	frames := ""
	if p.Modality == data.Video {
		frames = fmt.Sprintf("%s of %d", seen(p), p.Frames)
	}
	row := answers(p, r.top, func(probability float64) string { return fmt.Sprintf("%.1f %%", 100*probability) })
	rows := [][]string{append(row, frames)}
	if r.head != nil {
		rows, r.head = [][]string{r.head, rows[0]}, nil
	}
	return report.Rows(r.w, r.widths, rows)
}

// failed adds nothing: the cause is on standard error.
func (r *tableResults) failed(string, error) error { return nil }

// columns names the first columns: two for each rank, of which the first has no number.
func columns(top int, label, probability, separator string) []string {
	names := []string{"path", "modality", label, probability}
	for rank := 2; rank <= top; rank++ {
		number := separator + strconv.Itoa(rank)
		names = append(names, label+number, probability+number)
	}
	return names
}

// answers returns the cells of these columns, empty ones behind the classes of a head that has fewer.
func answers(p infer.Prediction, top int, format func(float64) string) []string {
	row := []string{p.Path, string(p.Modality)}
	for _, rank := range p.Ranks(top) {
		row = append(row, rank.Label, format(rank.Probability))
	}
	return append(row, make([]string, 2+2*top-len(row))...)
}

// seen names the frames that the windows of a prediction hold, without what overlaps: "0-60, 468-528 by 4".
func seen(p infer.Prediction) string {
	var spans []data.Window
	for _, w := range p.Windows {
		if last := len(spans) - 1; last >= 0 && w.First <= spans[last].Last+w.Stride {
			spans[last].Last = w.Last
		} else {
			spans = append(spans, w)
		}
	}
	var texts []string
	for _, s := range spans {
		text := strconv.Itoa(s.First)
		if s.Last > s.First {
			text += "-" + strconv.Itoa(s.Last)
		}
		texts = append(texts, text)
	}
	text := strings.Join(texts, ", ")
	if stride := p.Windows[0].Stride; stride > 1 {
		text += fmt.Sprintf(" by %d", stride)
	}
	return text
}
