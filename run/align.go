package run

import (
	"fmt"

	"mien/data"
	"mien/face"
)

// Where a face is, for its alignment.

const (
	// A detector finds the face, and then the network looks at it as it is aligned by what was found before: networks learn from faces that
	// fill the frame, and find others roughly at first. It looks leastPasses times, and on to mostPasses until the face stays where it is.
	leastPasses, mostPasses = 3, 10
	// What moves farther in a pass, as a share of the distance between the eyes, does not stay.
	maxDrift = 0.1
)

// Align finds the face in frames, the largest that a detector finds, by the mean of its landmarks, and returns what aligns it in size×size
// pixels. It is an error if none is found.
func (l *Locator) Align(f *data.Frames, d *face.Detector, size int) (a data.Alignment, err error) {
	face, err := l.detect(f, d)
	if err != nil {
		return a, err
	}
	for drift, pass := maxDrift, 1; pass <= leastPasses || drift >= maxDrift; pass++ {
		if pass > mostPasses {
			return a, fmt.Errorf("no face is found: eyes and nose are elsewhere whenever they are looked for, by %.0f %% of the distance of the eyes", 100*drift)
		}
		if a, err = data.NewAlignment(face, f.H, f.W, l.size); err != nil {
			return a, err
		}
		found, err := l.mean(a.Frames(f))
		if err != nil {
			return a, err
		}
		found = a.Back(found)
		face, drift = found, data.Apart(face, found, f.H, f.W)
	}
	return data.NewAlignment(face, f.H, f.W, size)
}

// detect returns roughly where the face is: its eyes and its nose in the mean of the frames in which the detector finds one, or else its
// landmarks for a network that looks at the whole of the frames.
func (l *Locator) detect(f *data.Frames, d *face.Detector) (data.Landmarks, error) {
	found, err := d.Detect(f, face.DefaultOptions)
	if err != nil {
		return data.Landmarks{}, err
	}
	var all []data.Landmarks
	for _, faces := range found {
		if len(faces) > 0 {
			share := func(p face.Point) data.Point { return data.Point{X: p.X / float64(f.W), Y: p.Y / float64(f.H)} }
			p := faces[face.Largest(faces)].Points
			all = append(all, data.LandmarksAt(share(p[face.LeftEye]), share(p[face.RightEye]), share(p[face.Nose])))
		}
	}
	if len(all) == 0 {
		return l.mean(f)
	}
	return data.MeanLandmarks(all), nil
}

func (l *Locator) mean(f *data.Frames) (data.Landmarks, error) {
	found, err := l.Landmarks(f)
	return data.MeanLandmarks(found), err
}
