package pipeline

import (
	"slices"

	"mien/data"
	"mien/face"
)

// Where faces are, and what the model sees of them.

// find returns the faces of frames of one size, best first: those that are large enough, and have points by which they can be cut out.
func (p *Pipeline) find(frames *data.Frames) ([][]face.Face, error) {
	found, err := p.detector.Detect(frames, p.detect)
	for i := range found {
		found[i] = slices.DeleteFunc(found[i], func(f face.Face) bool {
			_, err := p.crop.Place(f, frames.H, frames.W)
			return err != nil || f.Width < p.opt.MinFace
		})
	}
	return found, err
}

// given tells whether a frame with this one face is to be read as it is, because it was cut out already.
func (p *Pipeline) given(frame *data.Frames, found []face.Face) bool {
	return p.opt.Face != Detect && len(found) == 1 && p.crop.Holds(found[0], frame.H, frame.W)
}

// cut returns a part of a frame as the model sees it.
func (p *Pipeline) cut(frame *data.Frames, at data.Placement) data.View {
	return p.model.View(at.Frames(frame, p.model.Recipe.Model.ImageSize))
}

// wholeOf is a frame that is read whole.
func wholeOf(frame *data.Frames) Face {
	return Face{Face: face.Face{Box: face.Box{Width: float64(frame.W), Height: float64(frame.H)}}, Crop: Whole}
}
