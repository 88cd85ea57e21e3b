// Package pipeline finds the faces in pictures and videos, follows them, cuts them out as the model has learned to see them, and has it say
// what they show. It knows no files and no flags.
//
// [Pipeline.Faces] reads pictures, [Pipeline.Follow] a video, chunk by chunk. Neither the batch in which a picture is read nor the chunks
// of a video change a bit of what is said about it.
package pipeline

import (
	"cmp"

	"mien/data"
	"mien/face"
	"mien/infer"
)

// Mode is when faces are cut out.
type Mode string

const (
	// Auto cuts them out but of a frame that is a cut-out face already: whose only face is where it would be if it were cut out.
	Auto Mode = "auto"
	// Detect always cuts them out.
	Detect Mode = "detect"
)

// Options say what is looked for. The zero value looks for all faces in frames that may be cut-out ones.
type Options struct {
	Face     Mode      // "" is Auto
	Whole    bool      // a frame without a face is read whole
	Crop     face.Crop // how faces are cut out; "" is as those were that the model has learned from, and Drawn where nobody says
	MaxFaces int       // of a picture, those of the highest scores, in a video those that came first; 0 is as many as there are
	MinFace  float64   // width in pixels of the smallest face, for which a frame is enlarged if need be
}

// Pipeline is a detector and a model. It is not safe for concurrent use, as they are not.
type Pipeline struct {
	model    *infer.Model
	detector *face.Detector
	opt      Options
	detect   face.Options
	crop     face.Crop
}

// New returns a pipeline of a model and a detector, which the caller still owns.
func New(m *infer.Model, d *face.Detector, opt Options) (*Pipeline, error) {
	if err := m.Answers(data.Image); err != nil && m.Answers(data.Video) != nil {
		return nil, err
	}
	crop, err := face.ParseCrop(string(cmp.Or(opt.Crop, face.Crop(m.Recipe.Data.Crop), face.Drawn)))
	if err != nil {
		return nil, err
	}
	p := &Pipeline{model: m, detector: d, opt: opt, detect: face.DefaultOptions, crop: crop}
	if opt.MinFace > 0 {
		p.detect.Least = min(opt.MinFace, p.detect.Least)
	}
	return p, nil
}

// Head is the one that reads single frames: the image head or, of a model that has none, the video head, which then reads no pictures, and
// says of a face in a video what its latest clip shows.
func (p *Pipeline) Head() data.Modality {
	if p.model.Answers(data.Image) == nil {
		return data.Image
	}
	return data.Video
}

// Labels are the classes of this head, and so the columns of a CSV.
func (p *Pipeline) Labels() []string { return p.model.Labels[p.Head()] }

// Crop is how faces are cut out.
func (p *Pipeline) Crop() face.Crop { return p.crop }
