package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mien/data"
	"mien/pipeline"
	"mien/report"
)

// facesPlot draws what the faces of videos show over time.
type facesPlot struct {
	drawings
	labels   []string
	timeline *report.FaceTimeline
	stderr   io.Writer
	note     func(string)
	noted    bool // that pictures are left out
}

func newFacesPlot(path string, labels []string, inputs []input, stderr io.Writer, note func(string)) (*facesPlot, error) {
	to, err := newDrawings("--plot", path, inputs)
	if ext := strings.ToLower(filepath.Ext(path)); !slices.Contains([]string{"", ".png", ".svg"}, ext) {
		err = usagef("--plot %s: a plot is .png or .svg, or a folder", path)
	}
	return &facesPlot{drawings: to, labels: labels, stderr: stderr, note: note}, err
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
		if !f.noted {
			f.note("a picture has no time: --plot draws videos alone")
		}
		f.noted = true
		return nil
	}
	path, title := f.file(s, ".png"), filepath.Base(s.path)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	if unfinished(cause) {
		announce(f.stderr, path)
		return f.timeline.Save(path+".part", title+" (interrupted)")
	}
	return f.timeline.Save(path, title)
}

// failed draws nothing.
func (f *facesPlot) failed(string, error) error { return nil }
