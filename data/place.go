package data

import (
	"errors"
	"math"
	"math/cmplx"
)

// Placement is where a crop lies in a picture: a rectangle or parallelogram in any position, in pixels of the picture as complex numbers,
// x + iy from its upper left corner. Right and Down lead from the middle of the crop to the middles of its right and of its lower edge.
type Placement struct{ Middle, Right, Down complex128 }

// Whole is the placement of a crop that is all of a picture of h×w pixels.
func Whole(h, w int) Placement {
	x, y := complex(float64(w)/2, 0), complex(0, float64(h)/2)
	return Placement{x + y, x, y}
}

// Place returns the placement of a square crop in which points of a picture, in pixels, are nearest to given ones, by the sum of squared
// distances in the crop (Umeyama 1991, without reflection):
//
//	turn = Σ (to − mean to)·conj(from − mean from) / Σ |from − mean from|²
func Place(from []complex128, to []Point) (Placement, error) {
	n := complex(float64(len(from)), 0)
	in := make([]complex128, len(to)) // from −1 to 1 across the crop
	var meanFrom, meanTo, cross, spread complex128
	for i, q := range to {
		in[i] = complex(2*q.X-1, 2*q.Y-1)
		meanFrom += from[i] / n
		meanTo += in[i] / n
	}
	for i := range from {
		d := from[i] - meanFrom
		cross += (in[i] - meanTo) * cmplx.Conj(d)
		spread += d * cmplx.Conj(d)
	}
	turn := cross / spread
	if half := 1 / cmplx.Abs(turn); !(half > 1e-2 && half < 1e5) {
		return Placement{}, errors.New("the landmarks are no face: eyes and nose are in one place, or far from each other")
	}
	return Placement{meanFrom - meanTo/turn, 1 / turn, 1i / turn}, nil
}

// At returns where a point of the crop is, given as shares of its width and of its height.
func (p Placement) At(x, y float64) complex128 {
	return p.Middle + complex(2*x-1, 0)*p.Right + complex(2*y-1, 0)*p.Down
}

// Within returns where a place of the picture is in the crop: the inverse of At.
func (p Placement) Within(z complex128) complex128 {
	cross := func(a, b complex128) float64 { return real(a)*imag(b) - imag(a)*real(b) }
	d, area := z-p.Middle, cross(p.Right, p.Down)
	return complex((cross(d, p.Down)/area+1)/2, (cross(p.Right, d)/area+1)/2)
}

// Corners are the upper left, upper right, lower left and lower right one.
func (p Placement) Corners() [4]complex128 {
	return [4]complex128{p.At(0, 0), p.At(1, 0), p.At(0, 1), p.At(1, 1)}
}

// Frames returns the crop of all frames in size×size pixels. If they are fewer than it covers, frames are first resized, with antialiasing;
// then pixels are interpolated bilinearly. Beyond the edges of a frame its outermost pixels go on. A large frame is not resized for a small
// face in it.
func (p Placement) Frames(f *Frames, size int) *Frames {
	fromX, toX := p.x().span(f.W, size)
	fromY, toY := p.y().span(f.H, size)
	around := Box{X: fromX, Y: fromY, W: toX - fromX, H: toY - fromY}
	part := ResizeBox(f, around, p.y().reduced(around.H, size), p.x().reduced(around.W, size), Bilinear)
	scaleX, scaleY := float64(part.W)/float64(around.W), float64(part.H)/float64(around.H)
	out := NewFrames(f.T, size, size)
	for y := range size {
		for x := range size {
			z := p.At((float64(x)+0.5)/float64(size), (float64(y)+0.5)/float64(size))
			atX, atY := (real(z)-float64(around.X))*scaleX-0.5, (imag(z)-float64(around.Y))*scaleY-0.5
			for t := range f.T {
				Raster{part.Frame(t), part.H, part.W, 0.5}.Bilinear(out.Frame(t)[(y*size+x)*3:], atX, atY)
			}
		}
	}
	return out
}

// extent is a placement along one axis of the picture.
type extent struct{ middle, right, down float64 }

func (p Placement) x() extent { return extent{real(p.Middle), real(p.Right), real(p.Down)} }
func (p Placement) y() extent { return extent{imag(p.Middle), imag(p.Right), imag(p.Down)} }

// pitch is the distance of neighbouring pixels of the crop, in pixels of the picture. It is the same however a square crop is turned.
func (e extent) pitch(size int) float64 { return math.Hypot(e.right, e.down) * 2 / float64(size) }

// reduced is how many pixels are left of some before interpolation.
func (e extent) reduced(side, size int) int {
	return max(1, int(math.Round(float64(side)/max(1, e.pitch(size)))))
}

// span returns the first and the last pixel, exclusive, of a side that the crop is computed from: at least one.
func (e extent) span(side, size int) (from, to int) {
	reach := math.Abs(e.right) + math.Abs(e.down) + 2*max(1, e.pitch(size)) // and what filters weigh beside it
	within := func(at float64, least, most int) int { return int(min(max(at, float64(least)), float64(most))) }
	from = within(math.Floor(e.middle-reach), 0, side-1)
	return from, within(math.Ceil(e.middle+reach), from+1, side)
}
