package pipeline

import (
	"math"
	"slices"

	"mien/data"
	"mien/face"
)

// What is found. json.go and csv.go write it.

// Frame is what is in a picture, or in a frame of a video.
type Frame struct {
	Index         int     // in its video, 0 of a picture
	Time          float64 // of presentation in seconds, NaN where there is none
	Width, Height int     // in pixels, 0 where it is damaged
	Status        Status
	Faces         []Face      // best first, in a video by their numbers
	Others        []face.Face // that were found, but are too many, or too small: see Options
	Err           error       // what is damaged
}

// Status is whether there are faces.
type Status string

const (
	OK      Status = "ok"
	NoFace  Status = "no_face" // none was found, or none that is asked for; with Whole, Faces still has what the whole frame shows
	Damaged Status = "damaged" // the frame cannot be read
)

// Face is one of a frame, and what it shows.
type Face struct {
	ID        int // of its track, from 1; 0 in a picture
	face.Face     // where it is, in pixels of the upright frame
	Crop      Cut // what the model saw
	Reading
}

// Cut is what the model saw of a face.
type Cut string

const (
	Detected Cut = "detected" // the face, cut out
	Whole    Cut = "whole"    // the whole frame, as no face was found in it
	Given    Cut = "given"    // the whole frame, which was cut out already: see Auto
)

// Reading is what a head of the model says.
type Reading struct {
	Head          data.Modality // that said it, "" if none has said anything yet
	Label         string
	Labels        []string // of all classes, in the order of the head
	Probabilities []float64
}

// Probability is that of the label.
func (r Reading) Probability() float64 {
	if len(r.Probabilities) == 0 {
		return math.NaN()
	}
	return slices.Max(r.Probabilities)
}

// Clip is a window of a track, as the video head sees it.
type Clip struct {
	Face        int     // the track's ID
	First, Last int     // frames
	Start, End  float64 // their times
	Reading
}

// Summary is the mean of what was said of a track: of its clips or, without a video head, of its frames.
type Summary struct {
	Face        int     // the track's ID
	Frames      int     // in which it was found
	First, Last int     // of these
	Start, End  float64 // their times
	Reading
}
