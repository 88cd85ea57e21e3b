package drawn

import (
	"fmt"

	"mien/data"
)

// Sample is what the sets of this package open: an image or a video whose landmarks are known.
type Sample struct {
	data.Sample
	face     Face
	motion   motion
	reversed bool // its frames are those of the motion, the last first
}

// moment returns what is painted in frame i.
func (s *Sample) moment(i int) (Face, AUs) {
	if s.reversed {
		i = s.Len() - 1 - i
	}
	return Face{s.face.Identity, s.motion.conditions(s.face.Conditions, i)}, s.motion.action(i)
}

// Landmarks returns those of the frames at the given indices, exactly.
func (s *Sample) Landmarks(indices []int) ([]data.Landmarks, error) {
	all := make([]data.Landmarks, len(indices))
	for k, i := range indices {
		if i < 0 || i >= s.Len() {
			return nil, fmt.Errorf("drawn faces: landmarks of frame %d asked for, but there are %d", i, s.Len())
		}
		face, aus := s.moment(i)
		all[k] = landmarksOf(&face, &aus)
	}
	return all, nil
}
