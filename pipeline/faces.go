package pipeline

import (
	"context"
	"math"
	"slices"

	"mien/data"
	"mien/engine"
)

// Faces finds and reads the faces of pictures of any sizes.
func (p *Pipeline) Faces(ctx context.Context, pictures []*data.Frames) (frames []Frame, err error) {
	defer engine.Catch(&err)
	if err := p.model.Answers(data.Image); err != nil {
		return nil, err
	}
	batch := p.batch(data.Image)
	for _, picture := range pictures {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		who, err := p.closer(picture)
		if err != nil {
			return nil, err
		}
		frame, err := p.picture(batch, picture, who)
		if err != nil {
			return nil, err
		}
		frames = append(frames, frame)
	}
	return frames, batch.read()
}

// closer returns the faces of a picture with the points of a second look.
func (p *Pipeline) closer(picture *data.Frames) (found, error) {
	in, err := p.find(picture)
	if err != nil {
		return found{}, err
	}
	who := in[0]
	for i, f := range who.faces[:p.asked(len(who.faces))] {
		if who.faces[i], err = p.detector.Closer(picture, f); err != nil {
			return found{}, err
		}
	}
	return who, nil
}

// picture returns what was found in a picture, whose faces a batch will read.
func (p *Pipeline) picture(b *batch, picture *data.Frames, who found) (Frame, error) {
	asked := p.asked(len(who.faces))
	frame := Frame{Time: math.NaN(), Width: picture.W, Height: picture.H, Status: who.status(), Others: slices.Concat(who.faces[asked:], who.small)}
	crop := Detected
	if p.given(picture, who) {
		crop = Given
	}
	for _, f := range who.faces[:asked] {
		frame.Faces = append(frame.Faces, Face{Face: f, Crop: crop})
	}
	if len(frame.Faces) == 0 && p.opt.Whole {
		frame.Faces = []Face{wholeOf(picture)}
	}
	for i := range frame.Faces {
		f := &frame.Faces[i]
		view, err := p.see(picture, f)
		if err != nil {
			return frame, err
		}
		if err := b.add(view, &f.Reading); err != nil {
			return frame, err
		}
	}
	return frame, nil
}

// see returns what the model sees of a face in a picture.
func (p *Pipeline) see(picture *data.Frames, f *Face) (data.View, error) {
	if f.Crop != Detected {
		return p.model.View(picture), nil
	}
	at, err := p.crop.Place(f.Face, picture.H, picture.W)
	if err != nil {
		return data.View{}, err
	}
	return p.cut(picture, at), nil
}

func (who found) status() Status {
	if len(who.faces) == 0 {
		return NoFace
	}
	return OK
}
