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
func look(f *face, i int, p data.Placement, side int) (v view) {
	frames := p.Frames(f.picture, side)
	if side != eyes.Side {
		frames = data.Resize(frames, eyes.Side, eyes.Side)
	}
	v.pixels = frames.Pix
	for k, z := range f.corners[i] {
		v.corners[k] = p.Within(z) * eyes.Grid
	}
	return v
}

// normal draws from a normal distribution, cut at some deviations.
func normal(rng *rand.Rand, deviation, cut float64) float64 {
	return deviation * min(max(rng.NormFloat64(), -cut), cut)
}

// elsewhere places the views of both eyes as a detector would that is off by some percent of the distance between the eyes, and as cameras would
// that see them turned, slanted and stretched: the whole face, and each eye a little more.
func elsewhere(f *face, rng *rand.Rand) (p [2]data.Placement) {
	turn, shift := turned(rng, 0.04, 0.05), shifted(rng)
	wider, right, down := normal(rng, 0.1, 3), normal(rng, 0.065, 3), normal(rng, 0.065, 3)
	for i := range p {
		at := f.middle(i) + f.along*(shift+shifted(rng))
		p[i] = eyes.Place(at, f.along*turn*turned(rng, 0.025, 0.03), false)
		x, y := p[i].Right, p[i].Down
		p[i].Right = x*complex(math.Exp(wider+normal(rng, 0.06, 3)), 0) + y*complex(down+normal(rng, 0.045, 3), 0)
		p[i].Down = y + x*complex(right+normal(rng, 0.045, 3), 0)
		if i == 1 {
			p[i].Right = -p[i].Right // mirrored, as by eyes.Place
		}
	}
	return p
}

// turned draws a factor that enlarges and turns, by standard deviations of its logarithm.
func turned(rng *rand.Rand, larger, radians float64) complex128 {
	return cmplx.Exp(complex(normal(rng, larger, 3), normal(rng, radians, 3)))
}

// shifted draws a half, by variance, of how far an eye is from where it is looked for.
func shifted(rng *rand.Rand) complex128 {
	const deviation = 0.022
	return complex(normal(rng, deviation, 2.6), normal(rng, deviation, 2.6))
}

// vary returns views of both eyes of a face for a step of training: in one light, but each hidden by another thing, if by any.
func vary(f *face, rng *rand.Rand) (both [2]view) {
	side := eyes.Side
	if rng.IntN(2) == 0 { // a small face
		side = least + rng.IntN(eyes.Side-least)
	}
	shared := newLight(rng)
	for i, p := range elsewhere(f, rng) {
		v, l := look(f, i, p, side), shared
		l.cover = newCover(rng)
		if i == 1 {
			l.slopeX = -l.slopeX
		}
		l.slopeX, l.slopeY = l.slopeX+normal(rng, 0.1, 3), l.slopeY+normal(rng, 0.1, 3)
		for k := 0; k < len(v.pixels); k += 3 {
			l.change(v.pixels[k:k+3], float64(k/3%eyes.Side)/eyes.Side, float64(k/3/eyes.Side)/eyes.Side, rng)
		}
		both[i] = v
	}
	return both
}

// least is the side in pixels of the smallest view that is enlarged.
const least = 14

// light is what changes colours: a camera's, a lamp's, and something that hides a part.
type light struct {
	gamma, noise   float64
	gain, offset   [3]float64
	slopeX, slopeY float64 // of the logarithm, across the view
	grey           bool
	cover
}

func newLight(rng *rand.Rand) (l light) {
	l.gamma, l.noise = math.Exp(normal(rng, 0.25, 3)), math.Abs(normal(rng, 5, 3))
	gain := math.Exp(normal(rng, 0.25, 3))
	for c := range 3 {
		l.gain[c], l.offset[c] = gain*math.Exp(normal(rng, 0.08, 3)), normal(rng, 8, 3)
	}
	l.slopeX, l.slopeY = normal(rng, 0.25, 3), normal(rng, 0.25, 3)
	l.grey = rng.IntN(4) == 0
	return l
}

// cover is a rectangle of one colour that hides a part of some views.
type cover struct {
	hides      bool
	colour     [3]float64
	x, y, w, h float64
}

func newCover(rng *rand.Rand) (o cover) {
	o.hides = rng.IntN(7) == 0
	for c := range 3 {
		o.colour[c] = 255 * rng.Float64()
	}
	o.w, o.h = 0.12+0.4*rng.Float64(), 0.12+0.4*rng.Float64()
	o.x, o.y = (1-o.w)*rng.Float64(), (1-o.h)*rng.Float64()
	return o
}

// hidden tells whether a place is.
func (o *cover) hidden(x, y float64) bool {
	return o.hides && x >= o.x && x < o.x+o.w && y >= o.y && y < o.y+o.h
}

// change changes a pixel at a place of the view.
func (l *light) change(pixel []uint8, x, y float64, rng *rand.Rand) {
	hidden := l.hidden(x, y)
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
