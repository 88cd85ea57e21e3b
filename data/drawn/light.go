package drawn

import "math"

// The face is shaded as a relief z(x, y) in the face plane: a flattened ellipsoid plus bumps (nose, cheeks, chin)
// and hollows (eye sockets). Only its gradient is kept; the normal is (−∂z/∂x, −∂z/∂y, 1) normalised.

// ball starts the relief with the head. The slope grows to the rim but stays finite there, so that the edge of the
// face and the hair beside it are shaded alike.
func (p *painter) ball() {
	v := &p.view
	inv := 1 / v.unit
	for y := range p.h {
		for x := range p.w {
			dx, dy := (float64(x)+0.5-v.centre.x)*inv, (float64(y)+0.5-v.centre.y)*inv
			u := (dx*v.cosRoll + dy*v.sinRoll) / headRadiusX
			w := (dy*v.cosRoll - dx*v.sinRoll) / headRadiusY
			r := min(u*u+w*w, 1.2)
			steep := -(0.25 + 0.75*r)
			p.slopeX[y*p.w+x] = float32(steep * u)
			p.slopeY[y*p.w+x] = float32(steep * w * 0.8)
		}
	}
}

// bump adds height·(1 − (dx/rx)² − (dy/ry)²)² around the surface point (x, y); all in face units.
func (p *painter) bump(x, y, raised, rx, ry, height float64) {
	v := &p.view
	c := v.on(x, y, raised)
	reach := max(rx, ry) * v.unit
	x0, x1 := span(c.x-reach, c.x+reach, p.w)
	y0, y1 := span(c.y-reach, c.y+reach, p.h)
	ax, ay := 1/(rx*v.unit), 1/(ry*v.unit)
	kx, ky := -4*height/rx, -4*height/ry
	for py := y0; py < y1; py++ {
		dy := float64(py) + 0.5 - c.y
		for px := x0; px < x1; px++ {
			dx := float64(px) + 0.5 - c.x
			u := (dx*v.cosRoll + dy*v.sinRoll) * ax
			w := (dy*v.cosRoll - dx*v.sinRoll) * ay
			fade := 1 - u*u - w*w
			if fade <= 0 {
				continue
			}
			p.slopeX[py*p.w+px] += float32(kx * fade * u)
			p.slopeY[py*p.w+px] += float32(ky * fade * w)
		}
	}
}

// illuminate turns the finished relief into light: a wrapped Lambert term over an ambient floor, and a highlight.
func (p *painter) illuminate() {
	// The light is fixed to the image, the relief to the face plane, which is rolled against it.
	l, v := p.face.lightDirection(), &p.view
	lx, ly, lz := l[0]*v.cosRoll+l[1]*v.sinRoll, l[1]*v.cosRoll-l[0]*v.sinRoll, l[2]
	half := 1 / math.Sqrt(lx*lx+ly*ly+(lz+1)*(lz+1))
	hx, hy, hz := lx*half, ly*half, (lz+1)*half
	ambient, strength, sheen := p.face.Ambient, p.face.Strength, p.face.Sheen
	const wrap = 0.35
	for i := range p.light {
		nx, ny := -float64(p.slopeX[i]), -float64(p.slopeY[i])
		inv := 1 / math.Sqrt(1+nx*nx+ny*ny)
		diffuse := max(0, ((nx*lx+ny*ly+lz)*inv+wrap)/(1+wrap))
		p.light[i] = float32(ambient + strength*diffuse)
		s := max(0, (nx*hx+ny*hy+hz)*inv)
		s *= s
		s *= s
		s *= s
		s *= s
		p.gloss[i] = float32(sheen * strength * s * s) // s³²
	}
}
