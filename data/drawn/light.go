package drawn

import (
	"math"
	"math/cmplx"
)

// The face is shaded as a relief z(x, y) in the face plane: a flattened ellipsoid plus bumps (nose, cheeks, chin)
// and hollows (eye sockets). Only its gradient is kept; the normal is (−∂z/∂x, −∂z/∂y, 1) normalised.

// relief builds the light on the face.
func (p *painter) relief() {
	d, m, both := &p.face.Identity, &p.lips, p.aus.both
	wide, long := d.NoseWidth, d.NoseLength
	p.bump(complex(0, 0.10*long), 0.05, 0.13*wide, 0.34*long, 0.13)
	p.bump(complex(0, 0.33*long-0.02*both(AU9)), 0.12, 0.17*wide, 0.14, 0.12)
	p.bump(complex(0, 0.60-m.lift), 0.02, 0.40, 0.24, 0.06)
	p.bump(complex(0, 0.88+m.jaw), 0, 0.24, 0.17, 0.06+0.03*both(AU17))
	p.bump(-0.5i, 0, 0.6, 0.4, 0.06)
	for _, a := range p.halves {
		p.bump(complex(0.12*wide, 0.36*long-0.03*a[AU9]), 0.02, 0.09, 0.08, 0.04)
		p.bump(complex(d.EyeDistance*0.95, -0.03), 0, 0.30, 0.21, -0.10)
		p.bump(complex(d.EyeDistance, 0), 0, 0.20, 0.13, 0.05)
		p.bump(complex(0.30, -0.21-0.06*a[AU1]-0.05*a[AU2]+0.05*a[AU4]), 0, 0.34, 0.13, 0.04+0.02*a[AU4])
		raised := max(a[AU6], 0.8*a[AU12], 0.6*a[AU9])
		p.bump(complex(0.42, 0.33-0.06*raised), 0, 0.30, 0.25, 0.06+0.09*raised)
	}
	p.illuminate()
}

// bump adds height·(1 − (dx/rx)² − (dy/ry)²)² around the surface point q; all in face units.
func (p *painter) bump(q point, raised, rx, ry, height float64) {
	kx, ky := -4*height/rx, -4*height/ry
	for i, q := range p.near(p.on(q, raised), rx, ry) {
		fade := 1 - dot(q, q)
		p.slope[i] += complex(kx*fade*real(q), ky*fade*imag(q))
	}
}

// illuminate turns head and bumps into light: a wrapped Lambert term over an ambient floor, and a highlight.
func (p *painter) illuminate() {
	const wrap = 0.35
	f := p.face
	// The light is fixed to the image, the relief to the face plane, which is rolled against it.
	lz := 1 / math.Sqrt(1+f.LightX*f.LightX+f.LightY*f.LightY)
	light := complex(f.LightX*lz, f.LightY*lz) * cmplx.Rect(1, -f.Roll)
	back := 1 / p.turn
	half := 1 / math.Sqrt(2*(1+lz)) // between the light and the viewer
	for i, q := range p.pixels(p.bounds) {
		q = (q - p.centre) * back
		q = complex(real(q)*(1/headRadiusX), imag(q)*(1/headRadiusY))
		// The slope of the head grows to the rim but stays finite there, so that the edge of the face and the hair
		// beside it are shaded alike.
		steep := 0.25 + 0.75*min(dot(q, q), 1.2)
		normal := complex(steep*real(q), steep*0.8*imag(q)) - p.slope[i]
		inv := 1 / math.Sqrt(1+dot(normal, normal))
		facing := dot(normal, light) + lz
		p.light[i] = float32(f.Ambient + f.Strength*max(0, (facing*inv+wrap)*(1/(1+wrap))))
		shine := max(0, (facing+1)*half*inv)
		for range 5 {
			shine *= shine
		}
		p.gloss[i] = float32(f.Sheen * f.Strength * shine) // to the power of 32
	}
}
