package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mien/data"
	"mien/pipeline"
	"mien/report"
)

// facesAnnotated draws what is found on pictures and videos.
type facesAnnotated struct {
	drawings
	selection data.Selection
	style     report.Style
	video     *report.VideoWriter
	writes    string // where
	out       *console
}

func newFacesAnnotated(path string, blur bool, inputs []input, s data.Selection, out *console) (*facesAnnotated, error) {
	to, err := newDrawings("--annotated", path, inputs)
	if err == nil && !report.IsPicture(path) {
		err = annotatedError(report.CheckVideo(path))
	}
	a := &facesAnnotated{drawings: to, selection: s, out: out}
	if blur {
		a.style.Hide = func(f pipeline.Face) bool { return f.Crop == "" }
	}
	return a, err
}

// flush is how long ffmpeg may take, after a signal, to end a video that is a valid one.
const flush = 20 * time.Second

// annotatedError is one of a name.
func annotatedError(err error) error {
	if err != nil {
		return fmt.Errorf("--annotated %w", err)
	}
	return nil
}

func (a *facesAnnotated) begin(s source) error {
	switch a.n++; {
	case s.Still && !a.folder() && !report.IsPicture(a.path):
		return fmt.Errorf("--annotated %s: the input is a picture: name a .png or .jpg, or a folder", a.path)
	case s.Still:
		return nil
	}
	path := a.path // where one video in a folder is the pictures in it
	if a.many {
		path = a.file(s, ".avi")
		if err := os.MkdirAll(a.path, 0o777); err != nil {
			return err
		}
	}
	a.out.endsWithin(flush)
	video, err := report.NewVideoWriter(path, a.rate(s.FPS))
	a.video, a.writes = video, path
	return annotatedError(err)
}

// rate is the nominal one of the frames that are read.
func (a *facesAnnotated) rate(fps float64) float64 {
	fps /= float64(max(a.selection.Every, 1))
	if a.selection.FPS > 0 && a.selection.FPS < fps {
		return a.selection.FPS
	}
	return fps
}

func (a *facesAnnotated) add(s source, r pipeline.Results, frames []data.Frame) error {
	for i, in := range frames {
		if in.Frames == nil {
			continue
		}
		if err := a.draw(s, in, r.Frames[i]); err != nil {
			return err
		}
	}
	return nil
}

func (a *facesAnnotated) draw(s source, in data.Frame, found pipeline.Frame) error {
	if a.style.Hide != nil {
		found.Faces = slices.Clone(found.Faces)
		for _, f := range found.Others {
			found.Faces = append(found.Faces, pipeline.Face{Face: f})
		}
	}
	m := report.Annotate(in.Frames, found, a.style)
	if !s.Still {
		return a.video.Add(m, in.Time)
	}
	path := a.file(s, ".png")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return report.SavePicture(path, m)
}

// end gives a video its name, unless more of it should come.
func (a *facesAnnotated) end(s source, _ tally, cause error) error {
	if s.Still {
		return nil
	}
	defer a.out.endsWithin(0)
	if unfinished(cause) {
		err := a.video.Close()
		if _, missing := os.Lstat(a.writes + ".part"); missing == nil {
			announce(a.out.stderr, a.writes)
		}
		return err
	}
	return a.video.Finish()
}

// failed draws nothing.
func (a *facesAnnotated) failed(string, error) error { return nil }
