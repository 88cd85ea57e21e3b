package mobilefacenet

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// Published is a network of published weights as it was published: it reads pixels in [0, 1] as they are.
type Published struct{ net *Net }

// IsPublished reports whether a file holds weights in a form that others publish, and not one of mien.
func IsPublished(file nn.Weights) bool {
	for _, first := range []string{firstOpenVINO, firstCheckpoint} {
		if _, ok := file.Shape(first); ok {
			return true
		}
	}
	return false
}

// NewPublished makes the network of some width for images of side×side pixels in scope s, and freezes it.
func NewPublished(s *nn.Scope, width, side int) *Published { return &Published{New(s, width, side)} }

// Landmarks maps pixels, bytes [B, T, side, side, 3] or floats [B, 3, T, side, side] in [0, 1], to the points [B·T, 68, 2] in all frames: x and
// y as shares of the frame's sides.
func (p *Published) Landmarks(pixels *ag.Value) *ag.Value {
	side := p.net.side
	x := ag.Patchify(pixels, engine.Float32, engine.PatchifyArgs{Tubelet: 1, Patch: 1, Std: [3]float32{1, 1, 1}}) // [B, T·side·side, 3]
	return p.net.Landmarks(p.net.Features(ag.Reshape(x, x.Data().Rows()/(side*side), side, side, 3)))
}
