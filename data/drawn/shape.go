package drawn

import (
	"math"
	"slices"
)

// point is a place on the canvas, in pixels, or in the face plane, in face units.
type point struct{ x, y float64 }

// Face units: the head is about 1.5 wide and 2 high. The origin lies between the eyes, x runs to the right of the
// image, y down, z towards the viewer.
const (
	headRadiusX = 0.80 // half axes of the ellipsoid on which features sit
	headRadiusY = 1.20
	headDepth   = 0.72
)

// view places the face on the canvas: a small turn of the head, then roll, scale and shift.
type view struct {
	sinYaw, cosYaw, sinPitch, cosPitch, sinRoll, cosRoll float64
	unit                                                 float64 // pixels per face unit
	centre                                               point
}

func newView(c *Conditions, h, w int) view {
	v := view{unit: c.Scale * float64(min(h, w))}
	v.sinYaw, v.cosYaw = math.Sincos(c.Yaw)
	v.sinPitch, v.cosPitch = math.Sincos(c.Pitch)
	v.sinRoll, v.cosRoll = math.Sincos(c.Roll)
	v.centre = point{float64(w) * (0.5 + c.X), float64(h) * (0.5 + c.Y)}
	return v
}

// at projects a point at depth z: the turned head onto the face plane, the face plane to pixels.
func (v *view) at(x, y, z float64) point {
	x, y = x*v.cosYaw+z*v.sinYaw, y*v.cosPitch+z*v.sinPitch
	return point{
		v.centre.x + v.unit*(x*v.cosRoll-y*v.sinRoll),
		v.centre.y + v.unit*(x*v.sinRoll+y*v.cosRoll),
	}
}

// on projects a point of the face's surface; raised says by how much it stands out.
func (v *view) on(x, y, raised float64) point { return v.at(x, y, surface(x, y)+raised) }

// surface is the depth of the head's ellipsoid at (x, y).
func surface(x, y float64) float64 {
	x, y = x/headRadiusX, y/headRadiusY
	return headDepth * math.Sqrt(max(0, 1-x*x-y*y))
}

// all projects surface points.
func (v *view) all(raised float64, pts ...point) []point {
	return each(pts, func(p point) point { return v.on(p.x, p.y, raised) })
}

// flat projects points at one depth, such as the outline of the head (0) or hair.
func (v *view) flat(z float64, pts ...point) []point {
	return each(pts, func(p point) point { return v.at(p.x, p.y, z) })
}

func each(pts []point, f func(point) point) []point {
	out := make([]point, len(pts))
	for i, p := range pts {
		out[i] = f(p)
	}
	return out
}

// spline returns a Catmull-Rom curve through pts, closed or open, as a polyline.
func spline(pts []point, closed bool) []point {
	const steps = 5
	n := len(pts)
	get := func(i int) point {
		if closed {
			return pts[(i+n)%n]
		}
		return pts[min(max(i, 0), n-1)]
	}
	spans := n - 1
	if closed {
		spans = n
	}
	out := make([]point, 0, spans*steps+1)
	for i := range spans {
		a, b, c, d := get(i-1), get(i), get(i+1), get(i+2)
		for s := range steps {
			t := float64(s) / steps
			out = append(out, point{catmull(a.x, b.x, c.x, d.x, t), catmull(a.y, b.y, c.y, d.y, t)})
		}
	}
	if !closed {
		out = append(out, pts[n-1])
	}
	return out
}

func catmull(a, b, c, d, t float64) float64 {
	return b + t/2*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a)))
}

// ribbon returns the outline of a stroke along line; its width at share t of the way is width·taper(t), in pixels.
func ribbon(line []point, width float64, taper func(t float64) float64) []point {
	n := len(line)
	out := make([]point, 2*n)
	for i, p := range line {
		a, b := line[max(i-1, 0)], line[min(i+1, n-1)]
		length := max(math.Hypot(b.x-a.x, b.y-a.y), 1e-9)
		half := width / 2 * taper(float64(i)/float64(n-1)) / length
		nx, ny := -(b.y-a.y)*half, (b.x-a.x)*half
		out[i] = point{p.x + nx, p.y + ny}
		out[2*n-1-i] = point{p.x - nx, p.y - ny}
	}
	return out
}

// Tapers of strokes.
func even(float64) float64      { return 1 }
func spindle(t float64) float64 { return 4 * t * (1 - t) } // thick in the middle, pointed at both ends

// stroke paints a curve through surface points, in face units; width too.
func (p *painter) stroke(pts []point, width float64, taper func(float64) float64, clip *mask, k ink) {
	p.curve(p.view.all(0, pts...), width, taper, clip, k)
}

// curve paints a curve through points of the canvas, its width in face units.
func (p *painter) curve(pts []point, width float64, taper func(float64) float64, clip *mask, k ink) {
	p.shape(ribbon(spline(pts, false), width*p.view.unit, taper), clip, k)
}

// ellipse returns an ellipse around c with half axes rx, ry in pixels, turned by angle.
func ellipse(c point, rx, ry, angle float64) []point {
	const n = 20
	out := make([]point, n)
	sin, cos := math.Sincos(angle)
	for i := range out {
		s, t := math.Sincos(2 * math.Pi * float64(i) / n)
		out[i] = point{c.x + rx*t*cos - ry*s*sin, c.y + rx*t*sin + ry*s*cos}
	}
	return out
}

// flipped exchanges left and right.
func flipped(pts []point) []point {
	return each(pts, func(p point) point { return point{-p.x, p.y} })
}

func reversed(pts []point) []point {
	out := slices.Clone(pts)
	slices.Reverse(out)
	return out
}

// mirrored appends the reflection of a right half, top to bottom, so that the outline closes.
func mirrored(right []point) []point {
	left := slices.DeleteFunc(flipped(reversed(right)), func(p point) bool { return p.x >= -1e-6 })
	return slices.Concat(right, left)
}

// loop joins two lines that run the same way into a ring: a forwards, b backwards.
func loop(a, b []point) []point { return slices.Concat(a, reversed(b)) }
