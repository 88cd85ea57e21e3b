package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mien/data"
	"mien/pipeline"
	"mien/report"
)

// facesAnnotated draws what is found on pictures and videos.
type facesAnnotated struct {
	path  string // of a file or, without an extension, of a folder
	many  bool   // a file in the folder for each input
	every data.Selection
	style report.Style
	video *report.VideoWriter

	n int // inputs so far
}

// newFacesAnnotated checks that the path suits the inputs, and that no file is replaced.
func newFacesAnnotated(path string, blur bool, inputs []input, s data.Selection) (*facesAnnotated, error) {
	a := &facesAnnotated{path: path, many: len(inputs) > 1, every: s}
	info, err := os.Lstat(path)
	switch folder := filepath.Ext(path) == ""; {
	case a.many && !folder:
		return nil, fmt.Errorf("--annotated %s: there are %d inputs: name a folder", path, len(inputs))
	case err == nil && !(folder && info.IsDir()):
		return nil, fmt.Errorf("--annotated %s: it exists: choose another name, or remove it", path)
	}
	if blur {
		a.style.Hide = func(f pipeline.Face) bool { return f.Crop == "" }
	}
	return a, nil
}

func (a *facesAnnotated) begin(s source) (err error) {
	a.n++
	if !s.Still {
		if a.many {
			err = os.MkdirAll(a.path, 0o777)
		}
		if err != nil {
			return err
		}
		a.video, err = report.NewVideoWriter(a.file(s, ".avi"), a.rate(s.FPS))
	}
	return err
}

// file is where an input is drawn. One video in a folder is the pictures in it.
func (a *facesAnnotated) file(s source, ext string) string {
	name := strings.TrimSuffix(filepath.Base(s.path), filepath.Ext(s.path)) + ext
	switch {
	case a.many:
		return filepath.Join(a.path, fmt.Sprintf("%03d-%s", a.n, name))
	case s.Still && filepath.Ext(a.path) == "":
		return filepath.Join(a.path, name)
	}
	return a.path
}

// rate is the nominal one of the frames that are read.
func (a *facesAnnotated) rate(fps float64) float64 {
	fps /= float64(max(a.every.Every, 1))
	if a.every.FPS > 0 && a.every.FPS < fps {
		return a.every.FPS
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
	switch {
	case s.Still:
		return nil
	case errors.Is(cause, errInterrupted):
		return a.video.Close()
	}
	return a.video.Finish()
}

// failed draws nothing.
func (a *facesAnnotated) failed(string, error) error { return nil }
