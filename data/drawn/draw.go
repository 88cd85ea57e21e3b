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
	face  *Face
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
	p.face, p.aus, p.side = face, aus, 1
	p.yaw, p.pitch = cmplx.Rect(1, face.Yaw), cmplx.Rect(1, face.Pitch)
	p.turn = cmplx.Rect(face.Scale*float64(min(h, w)), face.Roll)
	p.centre = complex(float64(w)*(0.5+face.X), float64(h)*(0.5+face.Y))
	p.shade = face.Skin.times(0.5).mix(RGB{0.42, 0.10, 0.06}, 0.3)
	p.lips = face.mouth(aus)
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

// background paints a vertical gradient with a soft pool of light behind the head.
func (p *painter) background() {
	f, w, h := p.face, float64(p.bounds.Max.X), float64(p.bounds.Max.Y)
	pool := complex(w*(0.5+0.3*f.LightX), h*0.35)
	for i, q := range p.pixels(p.bounds) {
		away := (q - pool) * complex(1/h, 0)
		p.pix[i] = f.Far.mix(f.Near, imag(q)/h).times(1.04 - 0.22*min(1, dot(away, away)))
	}
}

// develop adds the light's colour and the sensor's noise and rounds to 8 bits.
func (p *painter) develop(dst []uint8) {
	f := p.face
	gain := RGB{float32(1 + 0.05*f.Warmth), 1, float32(1 - 0.08*f.Warmth)}
	amount := float32(f.Noise * math.Sqrt(3))
	noise := rand.NewPCG(f.NoiseSeed, 0)
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
