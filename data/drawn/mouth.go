package drawn

import "math"

// mouth is the shape of the lips under the action units. Heights are relative to the line between the lips at rest.
type mouth struct {
	y            float64
	half         [2]float64 // half width, left and right
	corner       [2]float64 // offset of the corners, down positive
	raise, sink  float64    // opening above and below the resting line, at the middle
	lift         float64    // whole mouth up (AU17, AU9)
	thickU       float64
	thickL       float64
	square       float64 // 0 a lens-shaped opening, 1 a box-shaped one
	jaw          float64
	bulge        float64 // AU15 with AU17: the lower lip's arch
	teeth, below float64 // how much of the upper and the lower teeth shows
}

func (p *painter) mouthOf() mouth {
	d, a := &p.face.Identity, p.aus
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

// contour is the four lines of the lips, left to right, in face units.
type contour struct{ outerU, innerU, innerL, outerL []point }

func (m *mouth) contour() contour {
	const n = 17
	var c contour
	for i := range n {
		u := -1 + 2*float64(i)/(n-1)
		s, r := halfAt(u), math.Abs(u)
		x := u * m.half[s]
		// Corners move on their own; the middle follows lift.
		bend := math.Pow(r, 1.7)
		line := m.y + m.corner[s]*bend - m.lift*(1-0.6*bend) - m.bulge*(1-r*r)
		open := math.Pow(max(0, 1-math.Pow(r, 2+2.5*m.square)), 0.75)
		top, bottom := line-m.raise*open, line+m.sink*open
		arc := 1 - math.Pow(r, 2.4)
		bow := m.thickU * (arc - 0.22*math.Exp(-r*r/0.012)) // cupid's bow
		c.innerU = append(c.innerU, point{x, top})
		c.innerL = append(c.innerL, point{x, bottom})
		c.outerU = append(c.outerU, point{x * 1.02, top - bow})
		c.outerL = append(c.outerL, point{x * 0.99, bottom + m.thickL*(1-math.Pow(r, 2))})
	}
	return c
}

// ring projects the area between two lines.
func (p *painter) ring(a, b []point) []point {
	return loop(p.view.all(0.05, a...), p.view.all(0.05, b...))
}

func (p *painter) mouth() {
	m := &p.lips
	c := m.contour()
	p.mouthShade(m)
	p.shape(p.ring(c.outerU, c.innerU), nil, ink{colour: p.face.Lips.times(0.86), alpha: 0.92, lit: 1, gloss: 0.3})
	p.shape(p.ring(c.innerL, c.outerL), nil, ink{colour: p.face.Lips, alpha: 0.92, lit: 1, gloss: 1})
	if m.raise+m.sink > 0.012 {
		p.inside(m, &c)
	}
	seam := p.view.all(0.05, c.innerU...)
	p.shape(ribbon(seam, 0.020*p.view.unit, func(t float64) float64 { return 0.7 + 0.3*spindle(t) }), nil, on(p.shade.times(0.45), 0.85))
	for s, side := range []float64{-1, 1} {
		at := p.view.on(side*m.half[s]*1.02, m.y+m.corner[s]-0.4*m.lift, 0.03)
		r := (0.035 + 0.03*math.Abs(m.corner[s])/0.1) * p.view.unit
		p.soft(at, r, r, 0, &p.head, on(p.shade.times(0.6), 0.55))
	}
}

// inside paints the cavity with teeth and tongue.
func (p *painter) inside(m *mouth, c *contour) {
	unit := p.view.unit
	p.layer(&p.opening, nil, ink{colour: RGB{0.26, 0.08, 0.09}, alpha: 1, lit: 0.5}, p.ring(c.innerU, c.innerL))
	tongue := p.view.on(0, m.y+m.sink+0.02, 0.03)
	p.soft(tongue, 0.20*unit, (0.03+0.35*m.sink)*unit, p.face.Roll, &p.opening, ink{colour: RGB{0.78, 0.36, 0.36}, alpha: 0.9, lit: 0.7})
	p.teeth(c.innerU, 0.012+0.062*m.teeth, -0.02)
	if m.below > 0.15 {
		p.teeth(c.innerL, -0.045*m.below, 0.02)
	}
}

// teeth paints a band of the given height that hangs from a lip's line, from start.
func (p *painter) teeth(line []point, height, start float64) {
	mid := line[len(line)/2].y
	band := func(narrower, lower float64) []point {
		// The dental arch is flatter than the lip.
		return each(line[1:len(line)-1], func(q point) point { return point{q.x * narrower, mid + 0.75*(q.y-mid) + lower} })
	}
	p.shape(p.ring(band(1, start), band(0.94, height)), &p.opening, ink{colour: RGB{0.96, 0.94, 0.90}, alpha: 0.96, lit: 0.6})
}

// mouthShade paints the shadow under the lower lip and the chin's pad.
func (p *painter) mouthShade(m *mouth) {
	unit, chin := p.view.unit, p.aus.both(AU17)
	under := p.view.on(0, m.y+m.sink+m.thickL-m.lift-m.bulge+0.045, 0.02)
	p.soft(under, 0.2*unit, 0.05*unit, p.face.Roll, &p.head, on(p.shade, 0.6+0.2*chin))
	for _, q := range []point{{-0.05, 0.83}, {0.05, 0.85}, {0, 0.80}, {-0.02, 0.88}} {
		at := p.view.on(q.x, q.y+m.jaw, 0.03)
		p.soft(at, 0.05*unit, 0.035*unit, 0, &p.head, on(p.shade, 0.4*chin))
	}
}

// folds paints the nasolabial folds, which smile, sneer and grief deepen each in their way.
func (p *painter) folds(side float64) {
	a, m, s := p.levels(side), &p.lips, halfAt(side)
	depth := clamp(0.10+0.25*p.face.Age+0.6*a[AU12]+0.7*a[AU10]+0.5*a[AU9]+0.25*a[AU15]+0.25*a[AU20], 0, 1)
	wing := point{side * (0.145*p.face.NoseWidth + 0.02), 0.36*p.face.NoseLength - 0.04*a[AU9] - 0.02*a[AU10]}
	middle := point{side * (0.255 + 0.04*a[AU12] + 0.035*a[AU10]), 0.46 - 0.02*a[AU12] - 0.02*a[AU9]}
	end := point{side * (m.half[s] + 0.085), m.y + m.corner[s]*0.7 - 0.05 + 0.03*a[AU15]}
	p.stroke([]point{wing, middle, end}, 0.060, spindle, &p.head, on(p.shade, 0.35*depth))
	p.stroke([]point{wing, middle, end}, 0.022, spindle, &p.head, on(p.shade, 0.75*depth))
}
