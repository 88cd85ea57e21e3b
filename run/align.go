package run

import (
	"fmt"

	"mien/data"
)

// Where a face is, for its alignment.

const (
	// A network looks at the frame, and then again at the face as it is aligned by what was found before: networks learn from faces that fill
	// the frame, and find others roughly at first. It looks leastPasses times, and on to mostPasses until the face stays where it is.
	leastPasses, mostPasses = 3, 10
	// What moves farther in a pass, as a share of the distance between the eyes, does not stay.
	maxDrift = 0.1
)

// Align finds the one face in frames, by the mean of its landmarks, and returns what aligns it in size×size pixels. It is an error if none
// is found.
func (l *Locator) Align(f *data.Frames, size int) (a data.Alignment, err error) {
	face, err := l.mean(f)
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

func (l *Locator) mean(f *data.Frames) (data.Landmarks, error) {
	found, err := l.Landmarks(f)
	return data.MeanLandmarks(found), err
}
