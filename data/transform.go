package data

import (
	"math"
	"math/rand/v2"
)

// Transform specifies how frames become a model's input: Train draws a random view, Eval only resizes. In all fields but the
// size, 0 is off.
type Transform struct {
	H, W int // size of the view in pixels

	// CropMin is the smallest share of the area that a random resized crop keeps; the largest is 1. 1 is also off.
	CropMin float64
	// Flip is the probability of a horizontal mirror image.
	Flip float64
	// Brightness, Contrast and Saturation are strengths x in [0, 1): the factor is uniform in [1−x, 1+x].
	Brightness, Contrast, Saturation float64
}

// Train draws one training view of f: bytes, or floats where colours are jittered. Box, flip and colour factors are
// drawn once, the same for all frames.
func (t Transform) Train(f *Frames, rng *rand.Rand) View {
	box := Box{W: f.W, H: f.H}
	if t.CropMin > 0 && t.CropMin < 1 {
		box = randomBox(f.H, f.W, t.CropMin, rng)
	}
	f = ResizeBox(f, box, t.H, t.W)
	if t.Flip > 0 && rng.Float64() < t.Flip {
		mirror(f)
	}
	view := viewOf(f)
	if max(t.Brightness, t.Contrast, t.Saturation) > 0 {
		view.Floats, view.Bytes = view.Planar(), nil
		t.jitter(view.Floats, rng)
	}
	return view
}

// Eval returns f resized to H×W for evaluation, always as bytes.
func (t Transform) Eval(f *Frames) View { return viewOf(Resize(f, t.H, t.W)) }

// randomBox is torchvision's RandomResizedCrop: ten tries of an area share in [least, 1] and a ratio W/H in
// [3/4, 4/3], uniform in its logarithm; then the largest centred box of an allowed ratio.
func randomBox(h, w int, least float64, rng *rand.Rand) Box {
	const lowest, highest = 3.0 / 4, 4.0 / 3
	for range 10 {
		area := float64(h*w) * (least + float64((1-least)*rng.Float64()))
		ratio := lowest * math.Pow(highest/lowest, rng.Float64())
		bw := int(math.RoundToEven(math.Sqrt(area * ratio)))
		bh := int(math.RoundToEven(math.Sqrt(area / ratio)))
		if bw > 0 && bh > 0 && bw <= w && bh <= h {
			return Box{X: rng.IntN(w - bw + 1), Y: rng.IntN(h - bh + 1), W: bw, H: bh}
		}
	}
	box := Box{W: w, H: h}
	if ratio := float64(w) / float64(h); ratio < lowest {
		box.H = min(h, int(math.RoundToEven(float64(w)/lowest)))
	} else if ratio > highest {
		box.W = min(w, int(math.RoundToEven(float64(h)*highest)))
	}
	box.X, box.Y = (w-box.W)/2, (h-box.H)/2
	return box
}

// mirror swaps left and right in place.
func mirror(f *Frames) {
	for start := 0; start < len(f.Pix); start += f.W * 3 {
		reversePixels(f.Pix[start : start+f.W*3])
	}
}

func reversePixels(pix []uint8) {
	for i, j := 0, len(pix)-3; i < j; i, j = i+3, j-3 {
		for c := range 3 {
			pix[i+c], pix[j+c] = pix[j+c], pix[i+c]
		}
	}
}

// jitter scales brightness, contrast (about the view's mean grey) and saturation (about each pixel's grey), in this
// order and with values kept in [0, 1], as torchvision's ColorJitter on float images.
func (t Transform) jitter(x []float32, rng *rand.Rand) {
	n := len(x) / 3
	r, g, b := x[:n], x[n:2*n], x[2*n:]
	if t.Brightness > 0 {
		k := factor(t.Brightness, rng)
		for i, v := range x {
			x[i] = clip01(k * v)
		}
	}
	if t.Contrast > 0 {
		k := factor(t.Contrast, rng)
		var sum float64
		for i := range r {
			sum += float64(gray(r[i], g[i], b[i]))
		}
		mean := float32(sum / float64(n))
		for i, v := range x {
			x[i] = clip01(mean + float32(k*(v-mean)))
		}
	}
	if t.Saturation > 0 {
		k := factor(t.Saturation, rng)
		for i := range r {
			y := gray(r[i], g[i], b[i])
			r[i] = clip01(y + float32(k*(r[i]-y)))
			g[i] = clip01(y + float32(k*(g[i]-y)))
			b[i] = clip01(y + float32(k*(b[i]-y)))
		}
	}
}

// factor is uniform in [1−x, 1+x].
func factor(x float64, rng *rand.Rand) float32 { return float32(1 + float64(x*(2*rng.Float64()-1))) }

// gray is the luma of ITU-R 601; the conversions keep compilers from fusing, so that all machines agree.
func gray(r, g, b float32) float32 {
	return float32(0.299*r) + float32(0.587*g) + float32(0.114*b)
}

func clip01(v float32) float32 { return min(max(v, 0), 1) }
