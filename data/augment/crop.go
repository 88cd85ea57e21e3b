package augment

import (
	"math"
	"math/rand/v2"

	"mien/data"
)

// Box is a fixed part of every frame, in pixels.
type Box struct {
	Top    int `toml:"top" comment:"first row"`
	Left   int `toml:"left" comment:"first column"`
	Height int `toml:"height" comment:"rows"`
	Width  int `toml:"width" comment:"columns"`
}

// Crop cuts a box of Size×Size pixels out of a random place.
type Crop struct{ Size int }

// Cut is a part of every frame.
type Cut data.Box

// Draw implements Step.
func (b Box) Draw(_, _, _ int, _ *rand.Rand) Change {
	return Cut{X: b.Left, Y: b.Top, W: b.Width, H: b.Height}
}

// Draw implements Step.
func (c Crop) Draw(_, h, w int, rng *rand.Rand) Change {
	return Cut{Y: rng.IntN(h - c.Size + 1), X: rng.IntN(w - c.Size + 1), W: c.Size, H: c.Size}
}

// Apply implements Change. It panics if the frames are smaller.
func (c Cut) Apply(v data.View) data.View {
	out := data.View{T: v.T, H: c.H, W: c.W}
	if v.Bytes != nil {
		out.Bytes = cut(v.Bytes, v.T, v.H, v.W, 3, c)
	} else {
		out.Floats = cut(v.Floats, 3*v.T, v.H, v.W, 1, c)
	}
	return out
}

// cut copies the box out of n planes [h, w, values].
func cut[N uint8 | float32](pix []N, n, h, w, values int, c Cut) []N {
	out := make([]N, 0, n*c.H*c.W*values)
	for i := range n {
		for y := range c.H {
			out = append(out, pix[((i*h+c.Y+y)*w+c.X)*values:][:c.W*values]...)
		}
	}
	return out
}

// ResizedCrop cuts out a box of a random area, shape and place, and resizes it to Size×Size pixels: torchvision's
// RandomResizedCrop.
type ResizedCrop struct {
	Size          int           `toml:"-"`
	Area          Range         `toml:"area" comment:"share of the frame, uniform between the two"`
	Ratio         Range         `toml:"ratio" comment:"width over height, uniform in its logarithm"`
	Interpolation Interpolation `toml:"interpolation" comment:"bilinear or bicubic (Pillow's), tensor-bilinear or tensor-bicubic (PyTorch's)"`
}

// Resized is a box of every frame, resized to H×W pixels.
type Resized struct {
	Box           data.Box
	H, W          int
	Interpolation Interpolation
}

// Draw implements Step.
func (c ResizedCrop) Draw(_, h, w int, rng *rand.Rand) Change {
	return Resized{c.box(h, w, rng), c.Size, c.Size, c.Interpolation}
}

// box makes ten tries; if none fits, it is the largest centred box of an allowed ratio.
func (c ResizedCrop) box(h, w int, rng *rand.Rand) data.Box {
	for range 10 {
		area := float64(h*w) * c.Area.uniform(rng)
		ratio := c.Ratio.logUniform(rng)
		bw := int(math.RoundToEven(math.Sqrt(area * ratio)))
		bh := int(math.RoundToEven(math.Sqrt(area / ratio)))
		if bw > 0 && bh > 0 && bw <= w && bh <= h {
			return data.Box{X: rng.IntN(w - bw + 1), Y: rng.IntN(h - bh + 1), W: bw, H: bh}
		}
	}
	return centred(h, w, c.Ratio)
}

// centred is the largest box in the middle with a ratio of width over height in the range.
func centred(h, w int, ratio Range) data.Box {
	bw, bh := min(w, int(math.RoundToEven(float64(h)*ratio[1]))), min(h, int(math.RoundToEven(float64(w)/ratio[0])))
	return data.Box{X: (w - bw) / 2, Y: (h - bh) / 2, W: bw, H: bh}
}

// Resize scales frames so that the shorter side has Size pixels.
type Resize struct {
	Size          int           `toml:"size" comment:"pixels of the shorter side"`
	Interpolation Interpolation `toml:"interpolation" comment:"as of resized_crop"`
}

// Draw implements Step.
func (r Resize) Draw(_, h, w int, _ *rand.Rand) Change {
	d := Resized{data.Box{W: w, H: h}, r.Size, r.Size, r.Interpolation}
	if w < h {
		d.H = int(float64(h) / float64(w) * float64(r.Size))
	} else {
		d.W = int(float64(w) / float64(h) * float64(r.Size))
	}
	return d
}

// Apply implements Change. It panics if the box exceeds the frame.
func (d Resized) Apply(v data.View) data.View {
	if filter, ok := pillow[d.Interpolation]; ok {
		return data.ResizeBox(v.Frames(), d.Box, d.H, d.W, filter).View()
	}
	v = floats(Cut(d.Box).Apply(v))
	return data.View{T: v.T, H: d.H, W: d.W, Floats: Interpolate(v.Floats, 3*v.T, v.H, v.W, d.H, d.W, d.Interpolation)}
}
