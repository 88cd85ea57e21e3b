package run

import (
	"fmt"

	"mien/data"
)

// Where a face is, for its alignment.

const (
	// A network looks at the frame, and then alignPasses times at the face as it is aligned by what was found before: networks learn from
	// faces that fill the frame, and find others roughly at first.
	alignPasses = 3
	// What moves farther in the last pass, as a share of the distance between the eyes, is no face.
	maxDrift = 0.1
)

// Align finds the one face in frames, by the mean of its landmarks, and returns what aligns it in size×size pixels. It is an error if none
// is found.
func (l *Locator) Align(f *data.Frames, size int) (a data.Alignment, err error) {
	face, err := l.mean(f)
	for pass := 1; err == nil && pass <= alignPasses; pass++ {
		var found data.Landmarks
		if a, err = data.NewAlignment(face, f.H, f.W, l.size); err != nil {
			break
		}
		if found, err = l.mean(a.Frames(f)); err != nil {
			break
		}
		found = a.Back(found)
		if drift := data.Apart(face, found, f.H, f.W); pass == alignPasses && !(drift < maxDrift) {
			return a, fmt.Errorf("no face is found: eyes and nose are elsewhere whenever they are looked for, by %.0f %% of the distance of the eyes", 100*drift)
		}
		face = found
	}
	if err != nil {
		return a, err
	}
	return data.NewAlignment(face, f.H, f.W, size)
}

func (l *Locator) mean(f *data.Frames) (data.Landmarks, error) {
	found, err := l.Landmarks(f)
	return data.MeanLandmarks(found), err
}
