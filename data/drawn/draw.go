package drawn

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"sync"
)

// painter holds what the layers of one frame share.
type painter struct {
	canvas
	*Face
	aus   *AUs
	lips  mouth
	shade RGB // colour of lines and shadows on this skin

	// How the face is placed on the canvas: a small turn of the head, then roll, scale and shift.
	yaw, pitch   point   // of length 1
	turn, centre point   // by its length, pixels per face unit; the point between the eyes
	side         float64 // −1 while the left half is painted, with its points mirrored; 1 otherwise
}

var painters = sync.Pool{New: func() any { return new(painter) }}

// render paints one face of h × w pixels, both at least 1, into dst, h·w·3 bytes. It is deterministic and safe for
// concurrent use; under a millisecond for 96 × 96 on one core.
func render(dst []uint8, face *Face, aus *AUs, h, w int) {
	p := painters.Get().(*painter)
	defer painters.Put(p)
	p.reset(w, h)
	p.pose(face, aus, h, w)
	p.shade = face.Skin.times(0.5).mix(RGB{0.42, 0.10, 0.06}, 0.3)
	p.relief()
	p.background()
	p.body()
	p.skin()
	p.nose()
	p.beard()
	p.creases()
	for half, a := range p.halves {
		p.folds(half, a)
		p.eye(a)
		p.brow(a)
	}
	p.mouth()
	p.glasses()
	p.hair()
	p.develop(dst)
}

// pose places the face on a canvas of h × w pixels.
func (p *painter) pose(face *Face, aus *AUs, h, w int) {
	p.Face, p.aus, p.side = face, aus, 1
	p.yaw, p.pitch = cmplx.Rect(1, face.Yaw), cmplx.Rect(1, face.Pitch)
	p.turn = cmplx.Rect(face.Scale*float64(min(h, w)), face.Roll)
	p.centre = complex(float64(w)*(0.5+face.X), float64(h)*(0.5+face.Y))
	p.lips = face.mouth(aus)
}

// halves yields the halves of the face, left and right, with their action units. Meanwhile things are placed as on the
// right half.
func (p *painter) halves(yield func(half int, a *Levels) bool) {
	for half, side := range [2]float64{-1, 1} {
		p.side = side
		if !yield(half, &p.aus[half]) {
			return
		}
	}
}

// The face is shaded as a relief z(x, y) in the face plane: a flattened ellipsoid plus bumps (nose, cheeks, chin)
// and hollows (eye sockets). Only its gradient is kept; the normal is (−∂z/∂x, −∂z/∂y, 1) normalised.

// relief builds the light on the face.
func (p *painter) relief() {
	m, both := &p.lips, p.aus.both
	wide, long, tip := p.NoseWidth, p.NoseLength, p.Face.nose(p.aus).tip
	p.bump(complex(0, 0.10*long), 0.05, 0.13*wide, 0.34*long, 0.13)
	p.bump(tip.at, tip.raised, 0.17*wide, 0.14, 0.12)
	p.bump(complex(0, 0.60-m.lift), 0.02, 0.40, 0.24, 0.06)
	p.bump(complex(0, 0.88+m.jaw), 0, 0.24, 0.17, 0.06+0.03*both(AU17))
	p.bump(-0.5i, 0, 0.6, 0.4, 0.06)
	for _, a := range p.halves {
		p.bump(complex(0.12*wide, 0.36*long-0.03*a[AU9]), 0.02, 0.09, 0.08, 0.04)
		p.bump(complex(p.EyeDistance*0.95, -0.03), 0, 0.30, 0.21, -0.10)
		p.bump(complex(p.EyeDistance, 0), 0, 0.20, 0.13, 0.05)
		p.bump(complex(0.30, -0.21-0.06*a[AU1]-0.05*a[AU2]+0.05*a[AU4]), 0, 0.34, 0.13, 0.04+0.02*a[AU4])
		raised := max(a[AU6], 0.8*a[AU12], 0.6*a[AU9])
		p.bump(complex(0.42, 0.33-0.06*raised), 0, 0.30, 0.25, 0.06+0.09*raised)
	}
	p.illuminate()
}

// bump adds height·(1 − (dx/rx)² − (dy/ry)²)² around the surface point q; all in face units.
func (p *painter) bump(q point, raised, rx, ry, height float64) {
	kx, ky := -4*height/rx, -4*height/ry
	p.near(p.on(q, raised), rx, ry, func(i int, q point, fade float64) {
		p.slope[i] += complex(kx*fade*real(q), ky*fade*imag(q))
	})
}

// illuminate turns head and bumps into light: a wrapped Lambert term over an ambient floor, and a highlight.
func (p *painter) illuminate() {
	const wrap = 0.35
	// The light is fixed to the image, the relief to the face plane, which is rolled against it.
	lz := 1 / math.Sqrt(1+p.LightX*p.LightX+p.LightY*p.LightY)
	light := complex(p.LightX*lz, p.LightY*lz) * cmplx.Rect(1, -p.Roll)
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
		p.light[i] = float32(p.Ambient + p.Strength*max(0, (facing*inv+wrap)*(1/(1+wrap))))
		shine := max(0, (facing+1)*half*inv)
		for range 5 {
			shine *= shine
		}
		p.gloss[i] = float32(p.Sheen * p.Strength * shine) // to the power of 32
	}
}

// background paints a vertical gradient with a soft pool of light behind the head.
func (p *painter) background() {
	w, h := float64(p.bounds.Max.X), float64(p.bounds.Max.Y)
	pool := complex(w*(0.5+0.3*p.LightX), h*0.35)
	for i, q := range p.pixels(p.bounds) {
		away := q - pool
		glow := float32(1.04 - 0.22*min(1, dot(away, away)/(h*h)))
		t := float32(imag(q) / h)
		for ch, far := range p.Far {
			p.pix[i][ch] = glow * (far + t*(p.Near[ch]-far))
		}
	}
}

// develop adds the light's colour and the sensor's noise and rounds to 8 bits.
func (p *painter) develop(dst []uint8) {
	gain := RGB{float32(1 + 0.05*p.Warmth), 1, float32(1 - 0.08*p.Warmth)}
	amount := float32(p.Noise * math.Sqrt(3))
	noise := rand.NewPCG(p.NoiseSeed, 0)
	for i, c := range p.pix {
		bits := noise.Uint64()
		for ch := range 3 {
			// Two uniform bytes make a triangular distribution, of variance 1/6 between −1 and 1.
			n := float32(int(bits&0xff)+int(bits>>8&0xff)-255) * (math.Sqrt2 / 255)
			bits >>= 16
			v := c[ch]*gain[ch] + amount*n
			dst[i*3+ch] = uint8(min(max(v*255+0.5, 0), 255))
		}
	}
}
