package drawn

import (
	"math"
	"slices"
)

// RGB is a colour in display (sRGB) values, 0 to 1.
type RGB [3]float32

// mix returns the colour a share t of the way from c to d.
func (c RGB) mix(d RGB, t float64) RGB {
	for i := range c {
		c[i] += float32(t) * (d[i] - c[i])
	}
	return c
}

// times scales brightness.
func (c RGB) times(k float64) RGB {
	for i := range c {
		c[i] *= float32(k)
	}
	return c
}

// mask is the coverage, 0 to 1, of the pixels of the box [x0, x1) × [y0, y1).
type mask struct {
	x0, y0, x1, y1 int
	stride         int // x1 − x0 + 1: one spare column takes what lies right of an edge
	a              []float32
}

func (m *mask) row(y int) []float32 {
	i := (y - m.y0) * m.stride
	return m.a[i : i+m.x1-m.x0]
}

// fill computes the exact area coverage of a closed polygon on a w × h canvas. Each edge adds, per pixel row, the
// signed height it spans to the pixel it crosses, split with the pixel to the right by its mean x; the running
// sum along the row is then the winding number times the covered area. Self-overlap counts once, and an inner
// ring of opposite sense is a hole.
func (m *mask) fill(rings [][]point, w, h int) {
	m.bound(rings, w, h)
	for _, ring := range rings {
		for i, p := range ring {
			m.edge(p, ring[(i+1)%len(ring)])
		}
	}
	for y := m.y0; y < m.y1; y++ {
		sum, row := float32(0), m.row(y)
		for i, d := range row {
			sum += d
			row[i] = min(max(sum, -sum), 1)
		}
	}
}

// bound sets the box to the pixels touched.
func (m *mask) bound(rings [][]point, w, h int) {
	lo, hi := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, ring := range rings {
		for _, p := range ring {
			lo, hi = point{min(lo.x, p.x), min(lo.y, p.y)}, point{max(hi.x, p.x), max(hi.y, p.y)}
		}
	}
	m.box(lo, hi, w, h)
}

// box sets the box to the pixels from lo to hi and clears it.
func (m *mask) box(lo, hi point, w, h int) {
	m.x0, m.x1 = span(lo.x, hi.x, w)
	m.y0, m.y1 = span(lo.y, hi.y, h)
	m.stride = m.x1 - m.x0 + 1
	n := m.stride * (m.y1 - m.y0)
	m.a = slices.Grow(m.a[:0], n)[:n]
	clear(m.a)
}

// span returns the pixels [a, b) of n that the interval [lo, hi] touches; a ≤ b always.
func span(lo, hi float64, n int) (a, b int) {
	a = int(clamp(math.Floor(lo), 0, float64(n)))
	b = int(clamp(math.Ceil(hi), float64(a), float64(n)))
	return a, b
}

// edge adds the directed edge p→q.
func (m *mask) edge(p, q point) {
	sign := 1.0
	if p.y > q.y {
		p, q, sign = q, p, -1
	}
	top, bottom := max(p.y, float64(m.y0)), min(q.y, float64(m.y1))
	if bottom-top < 1e-9 {
		return
	}
	slope := (q.x - p.x) / (q.y - p.y)
	left, right := float64(m.x0), float64(m.x1)
	for y := top; y < bottom; {
		row := math.Floor(y)
		next := min(row+1, bottom)
		xa := clamp(p.x+(y-p.y)*slope, left, right) - left
		xb := clamp(p.x+(next-p.y)*slope, left, right) - left
		i := (int(row) - m.y0) * m.stride
		cross(m.a[i:i+m.stride], xa, xb, sign*(next-y))
		y = next
	}
}

// cross adds an edge piece that runs from xa to xb within one pixel row and spans the signed height d.
func cross(row []float32, xa, xb, d float64) {
	if xa > xb {
		xa, xb = xb, xa
	}
	if xb-xa < 1e-9 {
		xb = xa
	}
	last := len(row) - 1
	perX := d / (xb - xa)
	for cell := math.Floor(xa); ; cell++ {
		a, b := max(xa, cell), min(xb, cell+1)
		part := perX * (b - a)
		if xb == xa {
			part = d
		}
		i, right := int(cell), part*((a+b)/2-cell)
		if i >= last {
			row[last] += float32(part)
			return
		}
		row[i] += float32(part - right)
		row[i+1] += float32(right)
		if xb <= cell+1 {
			return
		}
	}
}

// canvas is the image being painted, with the relief under it.
type canvas struct {
	w, h   int
	pix    []RGB
	slopeX []float32 // relief gradient in the face plane, see light.go
	slopeY []float32
	light  []float32 // diffuse light, 1 = as bright as the colour
	gloss  []float32 // highlight, added to skin

	scratch, scratch2 mask
	head              mask // the face's outline, which clips what is painted on skin
}

// reset gives the canvas its size; pix and the relief are written in full later.
func (c *canvas) reset(w, h int) {
	c.w, c.h = w, h
	n := w * h
	c.pix = slices.Grow(c.pix[:0], n)[:n]
	for _, plane := range []*[]float32{&c.slopeX, &c.slopeY, &c.light, &c.gloss} {
		*plane = slices.Grow((*plane)[:0], n)[:n]
	}
}

// ink is a colour with its opacity, the share of the light it takes, and its share of gloss.
type ink struct {
	colour            RGB
	alpha, lit, gloss float32
}

// on returns an ink lit in full.
func on(colour RGB, alpha float64) ink { return ink{colour: colour, alpha: float32(alpha), lit: 1} }

// blend paints pixel i with coverage a.
func (c *canvas) blend(i int, a float32, k *ink) {
	a *= k.alpha
	if a <= 0 {
		return
	}
	l := 1 + k.lit*(c.light[i]-1)
	g := k.gloss * c.gloss[i]
	p := &c.pix[i]
	// Shadows on skin are warm: blue and green fall a little faster than red.
	p[0] += a * (k.colour[0]*l + g - p[0])
	p[1] += a * (k.colour[1]*l*(0.93+0.07*l) + g - p[1])
	p[2] += a * (k.colour[2]*l*(0.90+0.10*l) + g - p[2])
}

// paint blends k over the mask, cut by clip where that is not nil.
func (c *canvas) paint(m, clip *mask, k ink) {
	x0, y0, x1, y1 := m.x0, m.y0, m.x1, m.y1
	if clip != nil {
		x0, y0, x1, y1 = max(x0, clip.x0), max(y0, clip.y0), min(x1, clip.x1), min(y1, clip.y1)
	}
	for y := y0; y < y1; y++ {
		row := m.row(y)
		for x := x0; x < x1; x++ {
			a := row[x-m.x0]
			if a == 0 {
				continue
			}
			if clip != nil {
				a *= clip.a[(y-clip.y0)*clip.stride+x-clip.x0]
			}
			c.blend(y*c.w+x, a, &k)
		}
	}
}

// layer paints a polygon with holes, given as for fill, and leaves its coverage in m.
func (c *canvas) layer(m, clip *mask, k ink, rings ...[]point) {
	m.fill(rings, c.w, c.h)
	c.paint(m, clip, k)
}

// shape paints a closed polygon.
func (c *canvas) shape(ring []point, clip *mask, k ink) { c.layer(&c.scratch, clip, k, ring) }

// soft paints an ellipse that fades out to its rim, (1 − r²)², with half axes rx, ry in pixels turned by angle.
func (c *canvas) soft(at point, rx, ry, angle float64, clip *mask, k ink) {
	m := &c.scratch
	sin, cos := math.Sincos(angle)
	w, h := math.Hypot(rx*cos, ry*sin), math.Hypot(rx*sin, ry*cos)
	m.box(point{at.x - w, at.y - h}, point{at.x + w, at.y + h}, c.w, c.h)
	for y := m.y0; y < m.y1; y++ {
		row := m.row(y)
		for i := range row {
			dx, dy := float64(m.x0+i)+0.5-at.x, float64(y)+0.5-at.y
			u, v := (dx*cos+dy*sin)/rx, (dy*cos-dx*sin)/ry
			if fade := 1 - u*u - v*v; fade > 0 {
				row[i] = float32(fade * fade)
			}
		}
	}
	c.paint(m, clip, k)
}
