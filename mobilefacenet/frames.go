package mobilefacenet

import (
	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
)

// Frames makes images for the network of the frames of a video model, as S2D does: normalised like that model's, and resized between the
// centres of the corners (PyTorch's interpolate, bilinear with align_corners).
type Frames struct {
	weights *ag.Value // [to, from]: the share of each pixel of a row, or a column, in each of the result
}

// NewFrames makes images of to×to pixels of frames of from×from.
func NewFrames(s *nn.Scope, from, to int) *Frames {
	return &Frames{s.Constant(func() []float32 { return corners(from, to) }, to, from)}
}

// corners returns the weights [to, from] of linear interpolation where the first and the last of either are the same.
func corners(from, to int) []float32 {
	weights := make([]float32, to*from)
	for i := range to {
		at := float64(i) * float64(from-1) / float64(to-1)
		low := min(int(at), from-1)
		weights[i*from+low] += float32(1 - (at - float64(low)))
		if low+1 < from {
			weights[i*from+low+1] += float32(at - float64(low))
		}
	}
	return weights
}

// Forward maps pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1], to [B·T, to, to, 3].
func (f *Frames) Forward(pixels *ag.Value) *ag.Value {
	side := f.weights.Dim(1)
	x := ag.Patchify(pixels, f.weights.Data().DType(), engine.PatchifyArgs{Tubelet: 1, Patch: side, Mean: data.Mean, Std: data.Std})
	x = ag.Reshape(x, x.Data().Rows(), 3, side, side)           // [F, 3, H, W]: a frame is a patch
	x = ag.Permute(ag.Linear(x, f.weights, nil), 0, 1, 3, 2)    // [F, 3, to, H]
	return ag.Permute(ag.Linear(x, f.weights, nil), 0, 3, 2, 1) // [F, to, to, 3]
}
