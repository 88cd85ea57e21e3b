package mobilefacenet

import (
	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
)

// Frames makes images for the network of the frames of a video model, as S2D does: normalised like that model's, and resized to
// 112×112 pixels between the centres of the corners (PyTorch's interpolate, bilinear with align_corners).
type Frames struct {
	weights *ag.Value // [112, side]: the share of each pixel of a row, or a column, in each of the result
	side    int
}

// NewFrames is for frames of side×side pixels.
func NewFrames(s *nn.Scope, side int) *Frames {
	return &Frames{s.Constant(func() []float32 { return corners(side, Side) }, Side, side), side}
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

// Forward maps pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1], to [B·T, 112, 112, 3].
func (f *Frames) Forward(pixels *ag.Value) *ag.Value {
	x := ag.Patchify(pixels, f.weights.Data().DType(), engine.PatchifyArgs{Tubelet: 1, Patch: 1, Mean: data.Mean, Std: data.Std}) // [B, T·H·W, 3]
	frames := x.Data().Rows() / (f.side * f.side)
	x = ag.Permute(ag.Reshape(x, frames, f.side, f.side, 3), 0, 1, 3, 2) // [F, H, 3, W]
	x = ag.Permute(ag.Linear(x, f.weights, nil), 0, 3, 2, 1)             // [F, 112, 3, H]
	return ag.Permute(ag.Linear(x, f.weights, nil), 0, 3, 1, 2)          // [F, 112, 112, 3]
}
