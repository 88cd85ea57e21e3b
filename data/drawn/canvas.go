package drawn

import (
	"image"
	"image/draw"
	"iter"
	"math"
	"math/cmplx"
	"slices"

	"golang.org/x/image/vector"
)

// point is a place on the canvas, in pixels, or in the face plane, in face units: x + yi, with x to the right and y
// down. Points add up, and turn by multiplication.
type point = complex128

// Features sit on an ellipsoid with these half axes, in face units: the head is about 1.5 wide and 2 high. The origin
// lies between the eyes, z points towards the viewer.
const headRadiusX, headRadiusY, headDepth = 0.80, 1.20, 0.72

// RGB is a colour in display (sRGB) values, 0 to 1.
type RGB [3]float32

// mix returns the colour a share t of the way from c to d.
func (c RGB) mix(d RGB, t float64) RGB {
	k := float32(t)
	return RGB{c[0] + k*(d[0]-c[0]), c[1] + k*(d[1]-c[1]), c[2] + k*(d[2]-c[2])}
}

// times scales brightness.
func (c RGB) times(k float64) RGB { return RGB{}.mix(c, k) }

// ink is a colour with its opacity, the share of the light it takes, its share of gloss and, where it must not spread,
// the area that it stays within.
type ink struct {
	colour            RGB
	alpha, lit, gloss float32
	within            []uint8 // coverage of the canvas; nil is all of it
}

// on returns an ink lit in full.
func on(colour RGB, alpha float64, within []uint8) ink {
	return ink{colour: colour, alpha: float32(alpha), lit: 1, within: within}
}

// canvas is the image being painted, with the relief under it.
type canvas struct {
	bounds image.Rectangle
	pix    []RGB
	slope  []point // gradient of the relief's bumps in the face plane, see relief
	// Diffuse light, 1 = as bright as the colour, and the highlight that is added to skin.
	light, gloss []float32

	raster vector.Rasterizer
	shaped image.Alpha // coverage of the bounds of the shape painted last
	// Coverage of the canvas by what is painted within: the head, and neck, eyes, mouth and hair one after the other.
	head, part []uint8
}

// reset gives the canvas its size and flattens the relief; all else is written in full later.
func (c *canvas) reset(w, h int) {
	c.bounds = image.Rect(0, 0, w, h)
	c.pix = resized(c.pix, w*h)
	c.slope = resized(c.slope, w*h)
	c.light, c.gloss = resized(c.light, w*h), resized(c.gloss, w*h)
	c.head, c.part = resized(c.head, w*h), resized(c.part, w*h)
	clear(c.slope)
}

// resized returns n elements of any value, those of s where it is long enough.
func resized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// pixels yields index and centre of the pixels in box, row by row.
func (c *canvas) pixels(box image.Rectangle) iter.Seq2[int, point] {
	return func(yield func(int, point) bool) {
		box = box.Intersect(c.bounds)
		for y := box.Min.Y; y < box.Max.Y; y++ {
			for x := box.Min.X; x < box.Max.X; x++ {
				if !yield(y*c.bounds.Max.X+x, complex(float64(x)+0.5, float64(y)+0.5)) {
					return
				}
			}
		}
	}
}

// shape paints a closed polygon and returns its bounds. Self-overlap counts once; where a ring runs on into an inner
// ring of opposite sense, that is a hole.
func (c *canvas) shape(ring []point, k ink) (box image.Rectangle) {
	if k.alpha <= 0 {
		return box
	}
	for _, q := range ring {
		x, y := int(math.Floor(real(q))), int(math.Floor(imag(q)))
		box = box.Union(image.Rect(x, y, x+1, y+1))
	}
	box = box.Intersect(c.bounds)
	c.raster.Reset(box.Dx(), box.Dy())
	c.raster.DrawOp = draw.Src
	x, y := float64(box.Min.X), float64(box.Min.Y)
	c.raster.MoveTo(float32(real(ring[0])-x), float32(imag(ring[0])-y))
	for _, q := range ring[1:] {
		c.raster.LineTo(float32(real(q)-x), float32(imag(q)-y))
	}
	c.raster.ClosePath()
	c.shaped = image.Alpha{Pix: resized(c.shaped.Pix, box.Dx()*box.Dy()), Stride: box.Dx(), Rect: c.raster.Bounds()}
	c.raster.Draw(&c.shaped, c.shaped.Rect, image.Opaque, image.Point{})
	n := 0
	for i := range c.pixels(box) {
		if a := c.shaped.Pix[n]; a != 0 {
			c.blend(i, float32(a)*(1.0/255), &k)
		}
		n++
	}
	return box
}

// area paints a closed polygon and makes m its coverage of the canvas, to paint within.
func (c *canvas) area(m []uint8, ring []point, k ink) {
	clear(m)
	n := 0
	for i := range c.pixels(c.shape(ring, k)) {
		m[i] = c.shaped.Pix[n]
		n++
	}
}

// blend paints pixel i with coverage a.
func (c *canvas) blend(i int, a float32, k *ink) {
	a *= k.alpha
	if k.within != nil {
		a *= float32(k.within[i]) * (1.0 / 255)
	}
	l := 1 + k.lit*(c.light[i]-1)
	g := k.gloss * c.gloss[i]
	p := &c.pix[i]
	// Shadows on skin are warm: blue and green fall a little faster than red.
	p[0] += a * (k.colour[0]*l + g - p[0])
	p[1] += a * (k.colour[1]*l*(0.93+0.07*l) + g - p[1])
	p[2] += a * (k.colour[2]*l*(0.90+0.10*l) + g - p[2])
}

// Painters place on the canvas what is given in face units.

// at projects a point at depth z: the turned head onto the face plane, the face plane to pixels.
func (p *painter) at(q point, z float64) point {
	x, y := p.side*real(q)*real(p.yaw)+z*imag(p.yaw), imag(q)*real(p.pitch)+z*imag(p.pitch)
	return p.centre + complex(x, y)*p.turn
}

// on projects a point of the face's surface; raised says by how much it stands out.
func (p *painter) on(q point, raised float64) point {
	x, y := real(q)/headRadiusX, imag(q)/headRadiusY
	return p.at(q, raised+headDepth*math.Sqrt(max(0, 1-x*x-y*y)))
}

// surface projects points of the face's surface.
func (p *painter) surface(raised float64, pts ...point) []point {
	return each(pts, func(q point) point { return p.on(q, raised) })
}

// flat projects points at one depth, given for a head of mean width: the outline of the head (at 0), hair, clothes.
func (p *painter) flat(z float64, pts ...point) []point {
	return each(pts, func(q point) point { return p.at(complex(real(q)*p.HeadWidth, imag(q)), z) })
}

// near visits the pixels in an ellipse around at, a place on the canvas, with half axes rx and ry in face units. They
// have their places in units of these axes, and fade from 1 in the middle to 0 at the rim, as 1 − r².
func (p *painter) near(at point, rx, ry float64, visit func(i int, q point, fade float64)) {
	back, ax, ay := 1/p.turn, 1/rx, 1/ry
	reach := max(rx, ry) * cmplx.Abs(p.turn)
	x, y := real(at), imag(at)
	for i, q := range p.pixels(image.Rect(int(x-reach), int(y-reach), int(x+reach)+1, int(y+reach)+1)) {
		q = (q - at) * back
		q = complex(real(q)*ax, imag(q)*ay)
		if fade := 1 - dot(q, q); fade > 0 {
			visit(i, q, fade)
		}
	}
}

// soft paints an ellipse that fades out to its rim.
func (p *painter) soft(at point, rx, ry float64, k ink) {
	p.near(at, rx, ry, func(i int, _ point, fade float64) { p.blend(i, float32(fade*fade), &k) })
}

// outline projects a curve at one depth that is given from its middle to the right, and goes on to the left.
func (p *painter) outline(z float64, right ...point) []point {
	return spline(p.flat(z, arch(right)...))
}

// oval paints an ellipse around a place on the canvas; half axes are in face units, tilt turns it on the face.
func (p *painter) oval(at point, rx, ry, tilt float64, k ink) {
	ring := make([]point, 20)
	for i := range ring {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(ring)))
		ring[i] = at + complex(rx*cos, ry*sin)*cmplx.Rect(1, p.side*tilt)*p.turn
	}
	p.shape(ring, k)
}

// curve paints a curve through points of the canvas; its width at share t of the way is width·taper(t), in face units.
func (p *painter) curve(pts []point, width float64, taper func(t float64) float64, k ink) {
	line := spline(pts)
	n := len(line)
	ring := make([]point, 2*n)
	for i, q := range line {
		along := line[min(i+1, n-1)] - line[max(i-1, 0)]
		half := width / 2 * taper(float64(i)/float64(n-1)) * cmplx.Abs(p.turn) / max(cmplx.Abs(along), 1e-9)
		ring[i], ring[2*n-1-i] = q+along*complex(0, half), q-along*complex(0, half)
	}
	p.shape(ring, k)
}

// Tapers of strokes.
func even(float64) float64      { return 1 }
func spindle(t float64) float64 { return 4 * t * (1 - t) } // thick in the middle, pointed at both ends

// spline returns a Catmull-Rom curve through pts as a polyline.
func spline(pts []point) []point {
	const steps = 5
	last := len(pts) - 1
	pts = slices.Concat(pts[:1], pts, pts[last:])
	out := make([]point, 0, last*steps+1)
	for i := range last {
		a, b, c, d := pts[i], pts[i+1], pts[i+2], pts[i+3]
		for s := range steps {
			t := complex(float64(s)/steps, 0)
			out = append(out, b+t*0.5*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a))))
		}
	}
	return append(out, pts[last+1])
}

func each(pts []point, f func(point) point) []point {
	out := make([]point, len(pts))
	for i, q := range pts {
		out[i] = f(q)
	}
	return out
}

func dot(a, b point) float64 { return real(a)*real(b) + imag(a)*imag(b) }

// loop joins two lines that run the same way into a ring: a forwards, b backwards.
func loop(a, b []point) []point {
	ring := slices.Concat(a, b)
	slices.Reverse(ring[len(a):])
	return ring
}

// arch extends a line from the middle to the right by its reflection, from the left end to the right.
func arch(right []point) []point { return slices.Concat(loop(nil, flipped(right)), right[1:]) }

// flipped exchanges left and right.
func flipped(pts []point) []point {
	return each(pts, func(q point) point { return -cmplx.Conj(q) })
}
