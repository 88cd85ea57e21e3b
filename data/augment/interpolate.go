package augment

import (
	"math"

	"mien/data"
)

// Interpolation is how a picture is resized.
type Interpolation string

const (
	Bilinear       Interpolation = "bilinear" // Pillow's: antialiased, of bytes to bytes
	Bicubic        Interpolation = "bicubic"
	TensorBilinear Interpolation = "tensor-bilinear" // PyTorch's: without antialiasing, in floats
	TensorBicubic  Interpolation = "tensor-bicubic"
)

var pillow = map[Interpolation]data.Filter{Bilinear: data.Bilinear, Bicubic: data.Bicubic}

// taps are the inputs of every output along an axis, and their weights: each output has as many, one after the other.
type taps struct {
	each   int
	at     []int
	weight []float32
}

// Interpolate resizes n planes [h, w] to [toH, toW] as torch.nn.functional.interpolate does with align_corners=False and
// antialias=False: rows first, then columns.
func Interpolate(x []float32, n, h, w, toH, toW int, how Interpolation) []float32 {
	columns, rows := newTaps(w, toW, how), newTaps(h, toH, how)
	narrow, out := make([]float32, h*toW), make([]float32, n*toH*toW)
	for i := range n {
		for y := range h {
			columns.horizontal(narrow[y*toW:][:toW], x[(i*h+y)*w:][:w])
		}
		rows.vertical(out[i*toH*toW:][:toH*toW], narrow, toW)
	}
	return out
}

// horizontal resamples one row.
func (t taps) horizontal(dst, src []float32) {
	for i := range dst {
		var sum float32
		weight := t.weight[i*t.each:][:t.each]
		for k, at := range t.at[i*t.each:][:t.each] {
			sum += float32(weight[k] * src[at])
		}
		dst[i] = sum
	}
}

// vertical resamples all columns of rows of the given width, row by row so that memory is read in order. dst is zero.
func (t taps) vertical(dst, src []float32, width int) {
	for k, at := range t.at {
		weight, out := t.weight[k], dst[k/t.each*width:][:width]
		for x, v := range src[at*width:][:width] {
			out[x] += float32(weight * v)
		}
	}
}

// newTaps computes coordinates in float32, as PyTorch does, which moves them by up to 1e-5 of a pixel.
func newTaps(in, out int, how Interpolation) (t taps) {
	scale := float32(in) / float32(out)
	for i := range out {
		center := float32(scale*(float32(i)+0.5)) - 0.5
		first := math.Floor(float64(center))
		rest := center - float32(first)
		weights, at := []float32{1 - rest, rest}, int(first)
		if how == TensorBicubic {
			weights, at = cubic(rest), at-1
		}
		t.each = len(weights)
		for k, weight := range weights { // beyond the edge, the last pixel goes on
			t.at, t.weight = append(t.at, min(max(at+k, 0), in-1)), append(t.weight, weight)
		}
	}
	return t
}

// cubic returns the weights of four neighbours a pixel apart, of which the second lies t before the place that is asked for: the
// convolution of Keys (1981) with a = −3/4.
func cubic(t float32) []float32 {
	const a = -0.75
	near := func(x float32) float32 { return float32(float32((float32((a+2)*x)-(a+3))*x)*x) + 1 }
	far := func(x float32) float32 { return float32((float32(float32(float32(a*x)-5*a)*x)+8*a)*x) - 4*a }
	return []float32{far(t + 1), near(t), near(1 - t), far(2 - t)}
}
