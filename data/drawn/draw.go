package drawn

import (
	"math"
	"sync"
)

// painter holds what the layers of one frame share.
type painter struct {
	canvas
	face    *Face
	aus     *AUs
	view    view
	lips    mouth
	shade   RGB  // colour of lines and shadows on this skin
	opening mask // of the eye or the mouth being painted
}

var painters = sync.Pool{New: func() any { return new(painter) }}

// render paints one face of h × w pixels, both at least 1, into dst, h·w·3 bytes. It is deterministic and safe for
// concurrent use; under a millisecond for 96 × 96 on one core.
func render(dst []uint8, face *Face, aus *AUs, h, w int) {
	p := painters.Get().(*painter)
	defer painters.Put(p)
	p.reset(w, h)
	p.face, p.aus, p.view = face, aus, newView(&face.Conditions, h, w)
	p.shade = face.Skin.times(0.5).mix(RGB{0.42, 0.10, 0.06}, 0.3)
	p.lips = p.mouthOf()
	p.relief()
	p.background()
	p.hairBack()
	p.body()
	p.skin()
	p.features()
	if face.Glasses {
		p.glasses()
	}
	p.hairFront()
	p.develop(dst)
}

// features paints what lies within the outline of the head.
func (p *painter) features() {
	p.frown()
	p.nose()
	if p.face.Beard != Shaven {
		p.beard()
	}
	for _, side := range []float64{-1, 1} {
		p.folds(side)
		p.eye(side)
		p.brow(side)
	}
	p.mouth()
}

// levels returns the action units of one half of the face.
func (p *painter) levels(side float64) *Levels { return &p.aus[halfAt(side)] }

// background paints a vertical gradient with a soft pool of light behind the head.
func (p *painter) background() {
	f := p.face
	lx := float64(p.w) * (0.5 + 0.3*f.LightX)
	inv := 1 / float64(p.h)
	for y := range p.h {
		c := f.Far.mix(f.Near, float64(y)*inv)
		dy := (float64(y) - 0.35*float64(p.h)) * inv
		for x := range p.w {
			dx := (float64(x) - lx) * inv
			glow := 1.04 - 0.22*min(1, dx*dx+dy*dy)
			p.pix[y*p.w+x] = c.times(glow)
		}
	}
}

// develop adds the light's colour and the sensor's noise and rounds to 8 bits.
func (p *painter) develop(dst []uint8) {
	f := p.face
	gain := RGB{float32(1 + 0.05*f.Warmth), 1, float32(1 - 0.08*f.Warmth)}
	amount := float32(f.Noise * math.Sqrt(3))
	state := f.NoiseSeed
	for i, c := range p.pix {
		state += 0x9e3779b97f4a7c15
		bits := scramble(state)
		for ch := range 3 {
			// Two uniform bytes make a triangular distribution, of variance 1/6 between −1 and 1.
			n := float32(int(bits&0xff)+int(bits>>8&0xff)-255) * (math.Sqrt2 / 255)
			bits >>= 16
			v := c[ch]*gain[ch] + amount*n
			dst[i*3+ch] = uint8(min(max(v*255+0.5, 0), 255))
		}
	}
}

// scramble spreads the bits of a counter (the finaliser of SplitMix64).
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
