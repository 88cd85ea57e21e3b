package main

import (
	"maps"
	"math"
	"slices"

	"mien/data"
	"mien/face"
	"mien/pipeline"
)

// faceFlags say which faces are looked for, and where.
type faceFlags struct {
	Face     string  `help:"auto finds faces and cuts them out, unless an input is a cut-out face already; detect always cuts them out; none takes each input for one face." enum:"auto,detect,none" default:"auto" placeholder:"HOW"`
	NoFace   string  `help:"What becomes of a frame without a face: row keeps a row for it, skip leaves it out, whole reads the frame whole, and error is row, and counts an input as failed that has no face at all. Without it, row." enum:",row,skip,error,whole" default:"" placeholder:"HOW"`
	MaxFaces uint    `help:"Faces of a frame at most: of a picture those of the highest scores, in a video those that came first; 0 is no limit." default:"0" placeholder:"N"`
	MinFace  float64 `help:"Width in pixels of the smallest face: to find those below 18, frames are enlarged." default:"0" placeholder:"PIXELS"`
	FPS      float64 `help:"Read at most so many frames a second of a video; 0 is all." name:"fps" default:"0" placeholder:"N"`
	Every    uint    `help:"Read each N-th frame of a video; 0 is all." default:"0" placeholder:"N"`
	Start    float64 `help:"Read a video from this second on." default:"0" placeholder:"SECONDS"`
	End      float64 `help:"Read a video up to this second; 0 is its end." default:"0" placeholder:"SECONDS"`
	Crop     string  `help:"How faces are cut out, instead of as those that the model has learned from: eyes-nose, box-rotation or five-point." enum:",eyes-nose,box-rotation,five-point" default:"" placeholder:"CROP"`
	detectorFlags

	Annotated string `help:"Draw what is found: on a picture (.png, .jpg), in a video (.avi or .gif, and by ffmpeg .mp4, .mov, .mkv or .webm), or, without an extension, in a folder, where each input has a file or, if it is one video, each frame." placeholder:"FILE|DIR"`
	Plot      string `help:"Draw the probabilities of a video's faces over time (.png, .svg), or, without an extension, those of each video in a folder." placeholder:"FILE|DIR"`
	Blur      bool   `help:"Make everybody else unrecognisable there: the faces that --max-faces and --min-face leave out, frame by frame where they are found."`
}

// wholeInputs is the --face that looks for none.
const wholeInputs = "none"

// What becomes of a frame without a face, beside row.
const (
	noFaceSkip  = "skip"
	noFaceError = "error"
	noFaceWhole = "whole"
)

// Most that flags take.
const (
	maxFacesOfFrame = 1000
	maxMinFace      = 10_000
	maxEvery        = 1_000_000
	maxFPS          = 1000
)

// selection is what is read of videos.
func (f faceFlags) selection() data.Selection {
	return data.Selection{FPS: f.FPS, Every: int(f.Every), Start: f.Start, End: f.End}
}

// options of what is looked for.
func (f faceFlags) options() pipeline.Options {
	return pipeline.Options{Face: pipeline.Mode(f.Face), Whole: f.NoFace == noFaceWhole, MaxFaces: int(f.MaxFaces), MinFace: f.MinFace,
		Crop: face.Crop(f.Crop)}
}

// check refuses values out of their range, and flags that say nothing in the way of reading that was chosen.
func (c *predictCmd) check() error {
	forFaces := map[string]bool{"no-face": c.NoFace != "", "max-faces": c.MaxFaces != 0, "min-face": c.MinFace != 0, "fps": c.FPS != 0,
		"every": c.Every != 0, "start": c.Start != 0, "end": c.End != 0, "crop": c.Crop != "", "annotated": c.Annotated != "", "plot": c.Plot != "", "blur": c.Blur, "detector": c.Detector != ""}
	forWhole := map[string]bool{"windows": c.Windows != nil, "published": c.Published}
	switch flag := given(forFaces); {
	case c.Face == wholeInputs && flag != "":
		return usagef("--%s is about faces that are looked for: leave --face none out", flag)
	case c.Face == wholeInputs:
		return nil
	}
	switch flag := given(forWhole); {
	case flag != "":
		return usagef("--%s is about inputs that are read whole: add --face none", flag)
	case c.Top != nil && c.JSON:
		return usagef("--top is for the table: --json has all expressions of a face")
	case c.Blur && (c.Annotated == "" || c.MaxFaces == 0 && c.MinFace == 0):
		return usagef("--blur is for faces that --max-faces or --min-face leave out, in what --annotated draws: give both")
	case c.End != 0 && !(c.End > c.Start):
		return usagef("--end %v: it must be after --start", c.End)
	}
	return c.ranges()
}

// ranges refuses numbers that are too large, or none.
func (c *predictCmd) ranges() error {
	for _, f := range []struct {
		name        string
		value, most float64
	}{
		{"max-faces", float64(c.MaxFaces), maxFacesOfFrame}, {"min-face", c.MinFace, maxMinFace}, {"fps", c.FPS, maxFPS},
		{"every", float64(c.Every), maxEvery}, {"start", c.Start, math.MaxInt32}, {"end", c.End, math.MaxInt32},
	} {
		if !(f.value >= 0 && f.value <= f.most) {
			return usagef("--%s %v: it must be from 0 to %v", f.name, f.value, f.most)
		}
	}
	return nil
}

// given returns the first flag that is given, by name, "" if none is.
func given(flags map[string]bool) string {
	for _, flag := range slices.Sorted(maps.Keys(flags)) {
		if flags[flag] {
			return flag
		}
	}
	return ""
}
