package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"mien/data"
	"mien/infer"
)

// results writes predictions as they come: each is one write of whole lines, so that an interruption leaves no part of one.
type results interface {
	add(infer.Prediction) error
	failed(path string, cause error) error
}

// results returns what writes in the formats of the flags.
func (c *predictCmd) results(w io.Writer, m *infer.Model, inputs []input, files *partFiles) (all allResults, err error) {
	top := c.ranks(m)
	if c.JSON {
		all = append(all, &jsonResults{json.NewEncoder(w), top})
	} else {
		all = append(all, newTableResults(w, max(top, 1), m, inputs))
	}
	if c.CSV != "" {
		file, err := files.create("--csv", c.CSV)
		if err != nil {
			return nil, err
		}
		all = append(all, &csvResults{w: file, top: max(top, 1)})
	}
	return all, nil
}

// ranks is how many of the likeliest classes are asked for, 0 without --top.
func (c *predictCmd) ranks(m *infer.Model) int {
	if c.Top == nil {
		return 0
	}
	return min(int(*c.Top), max(m.Net.Classes(data.Image), m.Net.Classes(data.Video)))
}

// allResults writes in several formats.
type allResults []results

func (all allResults) add(p infer.Prediction) (err error) {
	for _, r := range all {
		err = cmp.Or(err, r.add(p))
	}
	return err
}

func (all allResults) failed(path string, cause error) (err error) {
	for _, r := range all {
		err = cmp.Or(err, r.failed(path, cause))
	}
	return err
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

// tableResults has a row for each input.
type tableResults struct{ *table }

func newTableResults(w io.Writer, top int, m *infer.Model, inputs []input) *tableResults {
	labels := slices.Concat(m.Labels[data.Image], m.Labels[data.Video])
	return &tableResults{newTable(w, top, []string{"path", "modality"}, labels, inputs, "frames seen")}
}

func (r *tableResults) add(p infer.Prediction) error {
	frames := ""
	if p.Modality == data.Video {
		frames = fmt.Sprintf("%s of %d", seen(p), p.Frames)
	}
	row := answers(p, r.top, func(probability float64) string { return fmt.Sprintf("%.1f %%", 100*probability) })
	return r.print([][]string{append(row, frames)})
}

// failed adds nothing: the cause is on standard error.
func (r *tableResults) failed(string, error) error { return nil }

// columns names the first columns: two for each rank, of which the first has no number.
func columns(top int, label, probability, separator string) []string {
	return ranked([]string{"path", "modality"}, top, label, probability, separator)
}

// ranked adds two columns for each rank.
func ranked(names []string, top int, label, probability, separator string) []string {
	names = append(names, label, probability)
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
