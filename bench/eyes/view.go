package main

import (
	"math"
	"math/cmplx"
	"math/rand/v2"

	"mien/data"
	"mien/face/eyes"
)

// What the network learns from: views of eyes, each of which is in another place, light and resolution.

// view is what the network sees of an eye, and where its corners are in that, in cells of the grid.
type view struct {
	pixels  []uint8
	corners [eyes.Corners]complex128
}

// look returns the view of an eye in a placement, resized from side×side pixels.
func look(e *eye, p data.Placement, side int) (v view) {
	f := p.Frames(e.picture, side)
	if side != eyes.Side {
		f = data.Resize(f, eyes.Side, eyes.Side)
	}
	v.pixels = f.Pix
	for i, z := range e.corners {
		v.corners[i] = within(p, z) * eyes.Grid
	}
	return v
}

// within returns where a place of the picture is in a placement: the inverse of At.
func within(p data.Placement, z complex128) complex128 {
	cross := func(a, b complex128) float64 { return real(a)*imag(b) - imag(a)*real(b) }
	d, area := z-p.Middle, cross(p.Right, p.Down)
	return complex((cross(d, p.Down)/area+1)/2, (cross(p.Right, d)/area+1)/2)
}

// normal draws from a normal distribution, cut at some deviations.
func normal(rng *rand.Rand, deviation, cut float64) float64 {
	return deviation * min(max(rng.NormFloat64(), -cut), cut)
}

// elsewhere places the view of an eye as a detector would that is off by some percent of the distance between the eyes, and as cameras would
// that see it turned, slanted and stretched.
func elsewhere(e *eye, rng *rand.Rand) data.Placement {
	turn := cmplx.Exp(complex(normal(rng, 0.07, 3), normal(rng, 0.09, 3)))
	shift := complex(normal(rng, 0.05, 2.6), normal(rng, 0.05, 2.6))
	p := eyes.Place(e.middle()+e.along*shift, e.along*turn, e.right)
	right, down := p.Right, p.Down
	p.Right = right*complex(math.Exp(normal(rng, 0.12, 3)), 0) + down*complex(normal(rng, 0.08, 3), 0)
	p.Down = down + right*complex(normal(rng, 0.08, 3), 0)
	return p
}

// vary returns a view of an eye for a step of training.
func vary(e *eye, rng *rand.Rand) view {
	side := eyes.Side
	if rng.IntN(2) == 0 { // a small face
		side = least + rng.IntN(eyes.Side-least)
	}
	v := look(e, elsewhere(e, rng), side)
	l := newLight(rng)
	for i := 0; i < len(v.pixels); i += 3 {
		l.change(v.pixels[i:i+3], float64(i/3%eyes.Side)/eyes.Side, float64(i/3/eyes.Side)/eyes.Side, rng)
	}
	return v
}

// least is the side in pixels of the smallest view that is enlarged.
const least = 14

// light is what changes colours: a camera's, a lamp's, and something that hides a part.
type light struct {
	gamma, noise   float64
	gain, offset   [3]float64
	slopeX, slopeY float64 // of the logarithm, across the view
	grey           bool
	hides          bool
	colour         [3]float64 // of what hides it
	x, y, w, h     float64
}

func newLight(rng *rand.Rand) (l light) {
	l.gamma, l.noise = math.Exp(normal(rng, 0.25, 3)), math.Abs(normal(rng, 5, 3))
	gain := math.Exp(normal(rng, 0.25, 3))
	for c := range 3 {
		l.gain[c], l.offset[c], l.colour[c] = gain*math.Exp(normal(rng, 0.08, 3)), normal(rng, 8, 3), 255*rng.Float64()
	}
	l.slopeX, l.slopeY = normal(rng, 0.25, 3), normal(rng, 0.25, 3)
	l.grey, l.hides = rng.IntN(4) == 0, rng.IntN(7) == 0
	l.w, l.h = 0.12+0.4*rng.Float64(), 0.12+0.4*rng.Float64()
	l.x, l.y = (1-l.w)*rng.Float64(), (1-l.h)*rng.Float64()
	return l
}

// change changes a pixel at a place of the view.
func (l *light) change(pixel []uint8, x, y float64, rng *rand.Rand) {
	hidden := l.hides && x >= l.x && x < l.x+l.w && y >= l.y && y < l.y+l.h
	slope := math.Exp(l.slopeX*(x-0.5) + l.slopeY*(y-0.5))
	var to [3]float64
	for c, v := range pixel {
		to[c] = 255*math.Pow(float64(v)/255, l.gamma)*l.gain[c]*slope + l.offset[c]
		if hidden {
			to[c] = l.colour[c]
		}
		to[c] += rng.NormFloat64() * l.noise
	}
	if l.grey {
		g := 0.299*to[0] + 0.587*to[1] + 0.114*to[2]
		to = [3]float64{g, g, g}
	}
	for c := range pixel {
		pixel[c] = uint8(min(max(to[c], 0), 255))
	}
}
