package pipeline

import (
	"mien/data"
	"mien/face"
)

// Where faces are, and what the model sees of them.

// found is who is in a frame, best first.
type found struct {
	faces []face.Face
	small []face.Face // who is smaller than is asked for
}

// find returns the faces of frames of one size, without those that have no points by which they could be cut out.
func (p *Pipeline) find(frames *data.Frames) ([]found, error) {
	all, err := p.detector.Detect(frames, p.detect)
	in := make([]found, len(all))
	for i, faces := range all {
		for _, f := range faces {
			if _, err := p.crop.Place(f, frames.H, frames.W); err != nil {
				continue
			}
			if f.Width < p.opt.MinFace {
				in[i].small = append(in[i].small, f)
			} else {
				in[i].faces = append(in[i].faces, f)
			}
		}
	}
	return in, err
}

// asked returns how many of n faces are asked for.
func (p *Pipeline) asked(n int) int {
	if p.opt.MaxFaces == 0 {
		return n
	}
	return min(n, p.opt.MaxFaces)
}

// given tells whether a frame is to be read as it is, because it was cut out already: it has one face, at its place.
func (p *Pipeline) given(frame *data.Frames, who found) bool {
	return p.opt.Face != Detect && len(who.faces) == 1 && len(who.small) == 0 && p.crop.Holds(who.faces[0], frame.H, frame.W)
}

// cut returns a part of a frame as the model sees it.
func (p *Pipeline) cut(frame *data.Frames, at data.Placement) data.View {
	return p.model.View(at.Frames(frame, p.model.Recipe.Model.ImageSize))
}

// wholeOf is a frame that is read whole.
func wholeOf(frame *data.Frames) Face {
	return Face{Face: face.Face{Box: face.Box{Width: float64(frame.W), Height: float64(frame.H)}}, Crop: Whole}
}
