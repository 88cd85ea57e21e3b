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

// tap is where an output lies between its inputs, and their weights: of x[at[0]], x[at[1]], …
type tap struct {
	at     []int
	weight []float32
}

// interpolate resizes n planes [h, w] to [toH, toW] as torch.nn.functional.interpolate does with align_corners=False and
// antialias=False: rows first, then columns.
func interpolate(x []float32, n, h, w, toH, toW int, how Interpolation) []float32 {
	columns, rows := taps(w, toW, how), taps(h, toH, how)
	narrow, out := make([]float32, h*toW), make([]float32, n*toH*toW)
	for i := range n {
		for y := range h {
			in, to := x[(i*h+y)*w:][:w], narrow[y*toW:][:toW]
			for j, c := range columns {
				var sum float32
				for k, at := range c.at {
					sum += float32(c.weight[k] * in[at])
				}
				to[j] = sum
			}
		}
		for y, r := range rows {
			to := out[(i*toH+y)*toW:][:toW]
			for k, at := range r.at {
				weight := r.weight[k]
				for j, v := range narrow[at*toW:][:toW] {
					to[j] += float32(weight * v)
				}
			}
		}
	}
	return out
}

// taps returns those of each output along an axis. Coordinates are computed in float32, as PyTorch does, which moves them by up to
// 1e-5 of a pixel.
func taps(in, out int, how Interpolation) []tap {
	scale := float32(in) / float32(out)
	all := make([]tap, out)
	for i := range all {
		center := float32(scale*(float32(i)+0.5)) - 0.5
		if how == TensorBilinear {
			center = max(center, 0)
		}
		first := math.Floor(float64(center))
		rest := center - float32(first)
		weight, at := []float32{1 - rest, rest}, int(first)
		if how == TensorBicubic {
			weight, at = cubic(rest), at-1
		}
		all[i].weight, all[i].at = weight, make([]int, len(weight))
		for k := range weight { // beyond the edge, the last pixel goes on
			all[i].at[k] = min(max(at+k, 0), in-1)
		}
	}
	return all
}

// cubic returns the weights of four neighbours a pixel apart, of which the second lies t before the place that is asked for: the
// convolution of Keys (1981) with a = −3/4.
func cubic(t float32) []float32 {
	const a = -0.75
	near := func(x float32) float32 { return float32(float32(float32((a+2)*x)-(a+3))*x)*x + 1 }
	far := func(x float32) float32 { return float32((float32(float32(float32(a*x)-5*a)*x)+8*a)*x) - 4*a }
	return []float32{far(t + 1), near(t), near(1 - t), far(2 - t)}
}
