package main

import (
	"bytes"
	"encoding/csv"
	"io"

	"mien/data"
	"mien/pipeline"
)

// facesCSV writes a row for each face in each frame, all rows of a part with one write.
type facesCSV struct {
	w      io.Writer
	labels []string
}

// newFacesCSV begins with the names of the columns.
func newFacesCSV(w io.Writer, labels []string) (*facesCSV, error) {
	f := &facesCSV{w, labels}
	return f, f.write([][]string{pipeline.Columns(labels)})
}

func (f *facesCSV) begin(source) error { return nil }

func (f *facesCSV) add(s source, r pipeline.Results, _ []data.Frame) error {
	var rows [][]string
	for _, frame := range r.Frames {
		rows = append(rows, frame.Rows(s.path, f.labels)...)
	}
	return f.write(rows)
}

func (f *facesCSV) end(source, tally, error) error { return nil }

// failed adds nothing: there is no frame.
func (f *facesCSV) failed(string, error) error { return nil }

func (f *facesCSV) write(rows [][]string) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return err
	}
	_, err := f.w.Write(text.Bytes())
	return err
}
