package main

import (
	"errors"
	"os"
	"path/filepath"

	"mien/data"
	"mien/pipeline"
	"mien/report"
)

// facesPlot draws what the faces of videos show over time.
type facesPlot struct {
	drawings
	labels   []string
	timeline *report.FaceTimeline
}

func newFacesPlot(path string, labels []string, inputs []input) (*facesPlot, error) {
	to, err := newDrawings("--plot", path, inputs)
	return &facesPlot{drawings: to, labels: labels}, err
}

func (f *facesPlot) begin(source) error {
	f.n++
	f.timeline = report.NewFaceTimeline(f.labels)
	return nil
}

func (f *facesPlot) add(_ source, r pipeline.Results, _ []data.Frame) error {
	for _, frame := range r.Frames {
		f.timeline.Add(frame)
	}
	return nil
}

// end draws a video, also if more of it should come. A picture has no time.
func (f *facesPlot) end(s source, _ tally, cause error) error {
	if s.Still {
		return nil
	}
	path, title := f.file(s, ".png"), filepath.Base(s.path)
	if errors.Is(cause, errInterrupted) {
		title += " (interrupted)"
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return f.timeline.Save(path, title)
}

// failed draws nothing.
func (f *facesPlot) failed(string, error) error { return nil }
