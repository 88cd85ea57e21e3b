package drawn

import "math"

// mouth is the shape of the lips under the action units. Heights are relative to the line between the lips at rest.
type mouth struct {
	y                float64
	half, corner     [2]float64 // left and right: half the width, and how far the corner is down
	raise, sink      float64    // opening above and below the resting line, at the middle
	thickU, thickL   float64    // of the lips
	jaw, lift, bulge float64    // jaw down, whole mouth up (AU17, AU9), lower lip arched (AU15 with AU17)
	square           float64    // 0 a lens-shaped opening, 1 a box-shaped one
	teeth, below     float64    // how much of the upper and the lower teeth shows
}

func (d *Identity) mouth(a *AUs) mouth {
	b := a.both
	m := mouth{y: 0.60 * (0.5 + 0.5*d.ChinLength)}
	for s, side := range a {
		smile, stretch := side[AU12], side[AU20]
		m.half[s] = d.MouthWidth * (0.27 + 0.085*smile + 0.095*stretch + 0.01*side[AU15] - 0.05*side[AU23] - 0.02*side[AU24] -
			0.075*b(AU26)*(1-max(smile, stretch)) - 0.02*side[AU17])
		m.corner[s] = -d.RestMouth - 0.125*smile*(1-0.3*side[AU15]) + 0.115*side[AU15] + 0.035*stretch + 0.02*b(AU26) - 0.01*side[AU9]
	}
	m.jaw = 0.15*b(AU26) + 0.02*b(AU25)
	m.raise = 0.022*b(AU25) + 0.035*b(AU26)*b(AU25) + 0.045*b(AU10)*min(1, 2*b(AU25)+0.4*b(AU16)) + 0.035*b(AU12)*b(AU25)
	m.sink = 0.045*b(AU25) + 0.20*b(AU26) + 0.04*b(AU16) + 0.02*b(AU20)*b(AU25) + 0.02*b(AU12)*b(AU25)
	m.lift = 0.03*b(AU17) + 0.03*b(AU9) + 0.035*b(AU10) + 0.012*b(AU12)
	thin := (1 - 0.5*b(AU23)) * (1 - 0.5*b(AU24)) * (1 - 0.25*b(AU20)) * (1 - 0.22*b(AU12))
	m.thickU = 0.062 * d.LipFullness * thin * (1 - 0.15*b(AU10))
	m.thickL = 0.082 * d.LipFullness * thin * (1 + 0.25*b(AU17)*(1-b(AU24)))
	m.square = clamp(0.8*b(AU20)+0.8*b(AU10)+0.6*b(AU16)+0.35*b(AU12), 0, 1)
	m.bulge = 0.045 * b(AU15) * (0.5 + 0.5*b(AU17))
	m.teeth = clamp(0.5+0.8*b(AU12)+0.6*b(AU10)+0.3*b(AU20)-0.2*b(AU26), 0, 1)
	m.below = clamp(0.9*b(AU16)+0.7*b(AU20), 0, 1)
	return m
}

// lines returns the four lines of the lips, left to right: the outer and inner edges of the upper lip, and of the lower.
func (m *mouth) lines() (outerU, innerU, innerL, outerL []point) {
	const n = 17
	for i := range n {
		u := -1 + 2*float64(i)/(n-1)
		half, r := i/(n/2+1), math.Abs(u)
		x := u * m.half[half]
		// Corners move on their own; the middle follows lift.
		bend := math.Pow(r, 1.7)
		line := m.y + m.corner[half]*bend - m.lift*(1-0.6*bend) - m.bulge*(1-r*r)
		open := math.Pow(max(0, 1-math.Pow(r, 2+2.5*m.square)), 0.75)
		top, bottom := line-m.raise*open, line+m.sink*open
		bow := m.thickU * (1 - math.Pow(r, 2.4) - 0.22*math.Exp(-r*r/0.012)) // cupid's bow
		outerU = append(outerU, complex(x*1.02, top-bow))
		innerU = append(innerU, complex(x, top))
		innerL = append(innerL, complex(x, bottom))
		outerL = append(outerL, complex(x*0.99, bottom+m.thickL*(1-r*r)))
	}
	return outerU, innerU, innerL, outerL
}

// lipsRaised is by how much the lips stand out of the face.
const lipsRaised = 0.05

// between projects the area between two lines of the lips.
func (p *painter) between(a, b []point) []point { return p.surface(lipsRaised, loop(a, b)...) }

// mouth paints lips, what lies between them, and the shadows around.
func (p *painter) mouth() {
	m, chin := &p.lips, p.aus.both(AU17)
	under := complex(0, m.y+m.sink+m.thickL-m.lift-m.bulge+0.045)
	p.soft(p.on(under, 0.02), 0.2, 0.05, on(p.shade, 0.6+0.2*chin, p.head))
	for _, dimple := range []point{-0.05 + 0.83i, 0.05 + 0.85i, 0.80i, -0.02 + 0.88i} {
		p.soft(p.on(dimple+complex(0, m.jaw), 0.03), 0.05, 0.035, on(p.shade, 0.4*chin, p.head))
	}
	outerU, innerU, innerL, outerL := m.lines()
	p.shape(p.between(outerU, innerU), ink{colour: p.Lips.times(0.86), alpha: 0.92, lit: 1, gloss: 0.3})
	p.shape(p.between(innerL, outerL), ink{colour: p.Lips, alpha: 0.92, lit: 1, gloss: 1})
	if m.raise+m.sink > 0.012 {
		p.area(p.part, p.between(innerU, innerL), ink{colour: RGB{0.26, 0.08, 0.09}, alpha: 1, lit: 0.5})
		tongue := ink{colour: RGB{0.78, 0.36, 0.36}, alpha: 0.9, lit: 0.7, within: p.part}
		p.soft(p.on(complex(0, m.y+m.sink+0.02), 0.03), 0.20, 0.03+0.35*m.sink, tongue)
		p.teeth(innerU, -0.02, 0.012+0.062*m.teeth)
		if m.below > 0.15 {
			p.teeth(innerL, 0.02, -0.045*m.below)
		}
	}
	seam := func(t float64) float64 { return 0.7 + 0.3*spindle(t) }
	p.curve(p.surface(lipsRaised, innerU...), 0.020, seam, on(p.shade.times(0.45), 0.85, nil))
	for half := range p.halves {
		corner := complex(m.half[half]*1.02, m.y+m.corner[half]-0.4*m.lift)
		r := 0.035 + 0.3*math.Abs(m.corner[half])
		p.soft(p.on(corner, 0.03), r, r, on(p.shade.times(0.6), 0.55, p.head))
	}
}

// teeth paints a band along a lip's line, between two heights under it.
func (p *painter) teeth(lip []point, root, edge float64) {
	mid := imag(lip[len(lip)/2])
	band := func(narrower, down float64) []point {
		// The dental arch is flatter than the lip.
		flat := func(q point) point { return complex(real(q)*narrower, mid+0.75*(imag(q)-mid)+down) }
		return each(lip[1:len(lip)-1], flat)
	}
	enamel := ink{colour: RGB{0.96, 0.94, 0.90}, alpha: 0.96, lit: 0.6, within: p.part}
	p.shape(p.between(band(1, root), band(0.94, edge)), enamel)
}
