package main

import (
	"bytes"
	"encoding/json"
	"io"

	"mien/data"
	"mien/infer"
	"mien/pipeline"
)

// What predict prints of faces as JSON: a line for each input, then lines of what is in it, and one at its end.

const facesFormat = "mien-faces-1"

// lineHead begins each line.
type lineHead struct {
	Format    string `json:"format"`
	Type      string `json:"type"`
	Path      string `json:"path"`
	PathBytes []byte `json:"path_base64,omitempty"`
}

// sourceLine begins an input.
type sourceLine struct {
	lineHead
	ReadAs    string        `json:"read_as,omitempty"`
	Kind      data.Modality `json:"kind"`
	Container string        `json:"container"`
	Width     int           `json:"width"`
	Height    int           `json:"height"`
	Model     string        `json:"model"`
	Crop      string        `json:"crop"`
}

type frameLine struct {
	lineHead
	pipeline.FrameJSON
}

type clipLine struct {
	lineHead
	pipeline.ClipJSON
}

type faceLine struct {
	lineHead
	pipeline.SummaryJSON
}

// endLine ends an input.
type endLine struct {
	lineHead
	tally
	Complete bool   `json:"complete"`
	Error    string `json:"error,omitempty"`
}

// facesJSON writes all lines of a part with one write, so that an interruption leaves whole lines.
type facesJSON struct {
	w           io.Writer
	model, crop string
}

func (f *facesJSON) begin(s source) error {
	kind := data.Video
	if s.Still {
		kind = data.Image
	}
	return f.write(sourceLine{headOf("source", s.path), s.readAs, kind, s.Format, s.Width, s.Height, f.model, f.crop})
}

func (f *facesJSON) add(s source, r pipeline.Results, _ []data.Frame) error {
	var lines []any
	for _, frame := range r.Frames {
		lines = append(lines, frameLine{headOf("frame", s.path), frame.JSON()})
	}
	for _, clip := range r.Clips {
		lines = append(lines, clipLine{headOf("clip", s.path), clip.JSON()})
	}
	for _, face := range r.Summaries {
		lines = append(lines, faceLine{headOf("face", s.path), face.JSON()})
	}
	return f.write(lines...)
}

func (f *facesJSON) end(s source, t tally, cause error) error {
	line := endLine{lineHead: headOf("end", s.path), tally: t, Complete: cause == nil}
	if cause != nil {
		line.Error = reason(s.path, cause)
	}
	return f.write(line)
}

func (f *facesJSON) failed(path string, cause error) error {
	return f.write(failure{failureFormat, path, infer.PathBytes(path), reason(path, cause)})
}

func headOf(kind, path string) lineHead {
	return lineHead{facesFormat, kind, path, infer.PathBytes(path)}
}

func (f *facesJSON) write(lines ...any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	for _, line := range lines {
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	_, err := f.w.Write(text.Bytes())
	return err
}
