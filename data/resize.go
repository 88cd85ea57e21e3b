package data

import (
	"fmt"
	"math"
)

// Box is a rectangle of a frame in pixels.
type Box struct{ X, Y, W, H int }

// Filter is the shape of the weights with which a pixel is resized from those around it. It widens with the reduction
// (antialiasing).
type Filter struct {
	support float64                 // half its width in output pixels, at least as many input pixels
	at      func(x float64) float64 // in −support to support
}

var (
	// Bilinear is a triangle.
	Bilinear = Filter{1, func(x float64) float64 { return max(1-math.Abs(x), 0) }}
	// Bicubic is the convolution of Keys (1981) with a = −1/2.
	Bicubic = Filter{2, bicubic}
)

func bicubic(x float64) float64 {
	const a = -0.5
	switch x = math.Abs(x); {
	case x < 1:
		return float64(float64((float64((a+2)*x)-(a+3))*x)*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

// Resize returns all frames of src at h×w pixels, bit for bit as Pillow's Image.resize((w, h), BILINEAR) does: the horizontal
// pass first, 8 bits between the passes, weights in fixed point with 22 fractional bits (Pillow's src/libImaging/Resample.c).
func Resize(src *Frames, h, w int) *Frames {
	return ResizeBox(src, Box{W: src.W, H: src.H}, h, w, Bilinear)
}

// ResizeBox resizes the part of every frame that lies in box: Pillow's crop followed by resize, torchvision's resized_crop. It
// panics if the box exceeds the frame or a size is not positive.
func ResizeBox(src *Frames, box Box, h, w int, filter Filter) *Frames {
	if box.X < 0 || box.Y < 0 || box.W <= 0 || box.H <= 0 || box.X+box.W > src.W || box.Y+box.H > src.H || h <= 0 || w <= 0 {
		panic(fmt.Sprintf("data.ResizeBox: box %+v of frames of %d×%d to %d×%d pixels", box, src.W, src.H, w, h))
	}
	out := NewFrames(src.T, h, w)
	if box == (Box{W: w, H: h}) && w == src.W && h == src.H { // as Pillow, which then copies
		copy(out.Pix, src.Pix)
		return out
	}
	columns, rows := newAxis(box.W, w, filter), newAxis(box.H, h, filter)
	narrow := make([]uint8, box.H*w*3) // after the horizontal pass
	for t := range src.T {
		frame := src.Frame(t)
		for y := range box.H {
			in := frame[((box.Y+y)*src.W+box.X)*3:][:box.W*3]
			columns.horizontal(narrow[y*w*3:(y+1)*w*3], in)
		}
		rows.vertical(out.Frame(t), narrow, w*3)
	}
	return out
}

const (
	weightBits = 22 // 32 − 8 for the sample − 2 for head room
	weightHalf = 1 << (weightBits - 1)
)

// axis has the filter taps of each output along one axis.
type axis []taps

// taps are the weights of one output: Σ_j weights[j]·input[first+j].
type taps struct {
	first   int
	weights []int32
}

// newAxis follows Pillow's precompute_coeffs and normalize_coeffs_8bpc. The conversions around products keep
// compilers from fusing them with sums, which would give other bits on arm64.
func newAxis(in, out int, filter Filter) axis {
	scale := float64(in) / float64(out)
	unit := max(scale, 1)
	support := filter.support * unit
	a := make(axis, out)
	for i := range a {
		center := float64((float64(i) + 0.5) * scale)
		lo := max(int(center-support+0.5), 0)
		hi := min(int(center+support+0.5), in)
		a[i] = taps{lo, fixedWeights(lo, hi, center, 1/unit, filter)}
	}
	return a
}

// fixedWeights samples the filter at inputs lo to hi−1, normalises it to sum 1 and rounds to fixed point. Trailing zeros are
// dropped, so that an axis of unchanged size costs few products per pixel.
func fixedWeights(lo, hi int, center, inverse float64, filter Filter) []int32 {
	w := make([]float64, hi-lo)
	sum := 0.0 // at least 1/2: an input is within half a pixel of the centre
	for j := range w {
		w[j] = filter.at((float64(j+lo) - center + 0.5) * inverse)
		sum += w[j]
	}
	fixed := make([]int32, len(w))
	for j := range w {
		fixed[j] = int32(math.Copysign(0.5, w[j]) + w[j]/sum*(1<<weightBits))
	}
	for len(fixed) > 0 && fixed[len(fixed)-1] == 0 {
		fixed = fixed[:len(fixed)-1]
	}
	return fixed
}

// horizontal resamples one row of RGB pixels.
func (a axis) horizontal(dst, src []uint8) {
	for i, t := range a {
		var r, g, b int32 = weightHalf, weightHalf, weightHalf
		in := src[t.first*3:][:len(t.weights)*3]
		for _, w := range t.weights {
			r += int32(in[0]) * w
			g += int32(in[1]) * w
			b += int32(in[2]) * w
			in = in[3:]
		}
		dst[3*i], dst[3*i+1], dst[3*i+2] = clip8(r), clip8(g), clip8(b)
	}
}

// vertical resamples all columns of rows that are stride bytes long, row by row so that memory is read in order.
func (a axis) vertical(dst, src []uint8, stride int) {
	sums := make([]int32, stride)
	for i, t := range a {
		for x := range sums {
			sums[x] = weightHalf
		}
		for j, w := range t.weights {
			in := src[(t.first+j)*stride:][:stride]
			for x, v := range in {
				sums[x] += int32(v) * w
			}
		}
		out := dst[i*stride:][:stride]
		for x, s := range sums {
			out[x] = clip8(s)
		}
	}
}

// clip8 drops the fraction; rounded weights may sum to a little more than 1.
func clip8(v int32) uint8 { return uint8(min(max(v>>weightBits, 0), 255)) }
