package pipeline

import (
	"math"
	"slices"

	"mien/data"
	"mien/face"
)

// find returns the faces of frames of one size, best first.
func (p *Pipeline) find(frames *data.Frames) ([][]face.Face, error) {
	found, err := p.detector.Detect(frames, p.detect)
	for i := range found {
		found[i] = slices.DeleteFunc(found[i], func(f face.Face) bool { return f.Width < p.opt.MinFace })
	}
	return found, err
}

// picture returns what was found in a picture, whose faces a batch will read.
func (p *Pipeline) picture(b *batch, picture *data.Frames, found []face.Face) (Frame, error) {
	frame := Frame{Time: math.NaN(), Width: picture.W, Height: picture.H, Status: OK, Faces: make([]Face, len(found))}
	for i, f := range found {
		seen, cut, err := p.cut(picture, f)
		if err != nil {
			return frame, err
		}
		frame.Faces[i] = Face{Face: f, Crop: cut}
		if err := b.add(seen, &frame.Faces[i].Reading); err != nil {
			return frame, err
		}
	}
	if len(found) > 0 {
		return frame, nil
	}
	frame.Status = NoFace
	if !p.opt.Whole {
		return frame, nil
	}
	frame.Faces = []Face{wholeOf(picture)}
	return frame, b.add(picture, &frame.Faces[0].Reading)
}

// wholeOf is a frame that is read whole.
func wholeOf(f *data.Frames) Face {
	return Face{Face: face.Face{Box: face.Box{Width: float64(f.W), Height: float64(f.H)}}, Crop: Whole}
}

// batch gathers what one head is to read. Full ones are read at once.
type batch struct {
	p     *Pipeline
	head  data.Modality
	views []data.View
	to    []*Reading
}

// batchSize is the number of views of a batch: more are hardly faster, and take memory.
const batchSize = 8

// add has a view be read, by the next call of read at the latest.
func (b *batch) add(seen *data.Frames, to *Reading) error {
	b.views, b.to = append(b.views, b.p.model.View(seen)), append(b.to, to)
	if len(b.views) < batchSize {
		return nil
	}
	return b.read()
}

// read reads what is left.
func (b *batch) read() error {
	if len(b.views) == 0 {
		return nil
	}
	results, err := b.p.model.Classify(b.head, b.views)
	if err != nil {
		return err
	}
	for i, probabilities := range results {
		*b.to[i] = newReading(b.head, b.p.model.Labels[b.head], probabilities)
	}
	b.views, b.to = b.views[:0], b.to[:0]
	return nil
}

func newReading(head data.Modality, labels []string, probabilities []float64) Reading {
	top := max(slices.Index(probabilities, slices.Max(probabilities)), 0) // 0 if there are NaNs
	return Reading{head, labels[top], labels, probabilities}
}
