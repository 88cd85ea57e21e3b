package augment

import (
	"math"
	"math/rand/v2"

	"mien/data"
)

// Fill is what an erased box is filled with.
type Fill string

const (
	Zero  Fill = "zero"  // black: torchvision's RandomErasing before normalisation
	Noise Fill = "noise" // of each channel's mean and deviation in ImageNet: N(0, 1) after normalisation, as in timm; makes floats
)

// Erase is random erasing: with some probability, a box of a random area and shape is overwritten in all frames.
type Erase struct {
	Probability float64 `toml:"probability" comment:"of erasing part of a view"`
	Area        Range   `toml:"area" comment:"share of the frame, uniform between the two"`
	Ratio       Range   `toml:"ratio" comment:"height over width, uniform in its logarithm"`
	Fill        Fill    `toml:"fill" comment:"zero, or noise of its own for every pixel and frame"`
}

// Erased is random erasing with its choices made.
type Erased struct {
	Box   data.Box  // empty: nothing is erased
	Fill  Fill      // Noise makes floats of the view also where nothing is erased: the views of a batch are alike
	Noise []float32 // [3, T, Box.H, Box.W] of N(0, 1), for Noise
}

// Draw implements Step.
func (e Erase) Draw(t, h, w int, rng *rand.Rand) Change {
	d := Erased{Fill: e.Fill}
	if rng.Float64() >= e.Probability {
		return d
	}
	d.Box = e.box(h, w, rng)
	if e.Fill == Noise {
		d.Noise = make([]float32, 3*t*d.Box.H*d.Box.W)
		for i := range d.Noise {
			d.Noise[i] = float32(rng.NormFloat64())
		}
	}
	return d
}

// box draws the box; after a hundred that are too large (torchvision gives up after ten) it is empty.
func (e Erase) box(h, w int, rng *rand.Rand) data.Box {
	for range 100 {
		area := float64(h*w) * e.Area.uniform(rng)
		ratio := e.Ratio.logUniform(rng)
		bh := int(math.RoundToEven(math.Sqrt(area * ratio)))
		bw := int(math.RoundToEven(math.Sqrt(area / ratio)))
		if bh < h && bw < w {
			return data.Box{X: rng.IntN(w - bw + 1), Y: rng.IntN(h - bh + 1), W: bw, H: bh}
		}
	}
	return data.Box{}
}

// Apply implements Change.
func (d Erased) Apply(v data.View) data.View {
	if d.Fill == Noise {
		v = floats(v)
	}
	for t := range v.T {
		for y := range d.Box.H {
			at := (t*v.H+d.Box.Y+y)*v.W + d.Box.X
			if v.Bytes != nil {
				clear(v.Bytes[3*at:][:3*d.Box.W])
				continue
			}
			for c := range 3 {
				d.fill(v.Floats[c*v.T*v.H*v.W+at:][:d.Box.W], c, (c*v.T+t)*d.Box.H+y)
			}
		}
	}
	return v
}

// fill overwrites a row of channel c with the given row of the noise, which a model's normalisation undoes.
func (d Erased) fill(row []float32, c, of int) {
	if d.Fill != Noise {
		clear(row)
		return
	}
	for i, z := range d.Noise[of*d.Box.W:][:d.Box.W] {
		row[i] = data.Mean[c] + float32(data.Std[c]*z)
	}
}
