package drawn

import (
	"math/rand/v2"
	"slices"
)

// outline returns the right half of the face's contour, crown to chin.
func (p *painter) outline() []point {
	d, jaw := &p.face.Identity, p.lips.jaw
	w, j, c := d.HeadWidth, d.JawWidth, d.ChinLength
	return []point{
		{0, -1.0}, {0.40 * w, -0.93}, {0.66 * w, -0.62}, {0.745 * w, -0.2}, {0.735 * w, 0.15},
		{0.665 * w * (0.4 + 0.6*j), 0.48 + 0.3*jaw}, {0.52 * w * j, 0.74*c + 0.7*jaw}, {0.27 * w * j, 0.945*c + jaw}, {0, 1.0*c + jaw},
	}
}

// relief builds the light on the face: see light.go.
func (p *painter) relief() {
	d, a := &p.face.Identity, p.aus
	p.ball()
	wide, long := d.NoseWidth, d.NoseLength
	p.bump(0, 0.10*long, 0.05, 0.13*wide, 0.34*long, 0.13)
	p.bump(0, 0.33*long-0.02*a.both(AU9), 0.12, 0.17*wide, 0.14, 0.12)
	p.bump(0, 0.60-p.lips.lift, 0.02, 0.40, 0.24, 0.06)
	p.bump(0, 0.88+p.lips.jaw, 0, 0.24, 0.17, 0.06+0.03*a.both(AU17))
	p.bump(0, -0.5, 0, 0.6, 0.4, 0.06)
	for _, s := range []float64{-1, 1} {
		l := p.levels(s)
		p.bump(s*0.12*wide, 0.36*long-0.03*l[AU9], 0.02, 0.09, 0.08, 0.04)
		p.bump(s*d.EyeDistance*0.95, -0.03, 0, 0.30, 0.21, -0.10)
		p.bump(s*d.EyeDistance, 0, 0, 0.20, 0.13, 0.05)
		p.bump(s*0.30, -0.21-0.06*l[AU1]-0.05*l[AU2]+0.05*l[AU4], 0, 0.34, 0.13, 0.04+0.02*l[AU4])
		raised := max(l[AU6], 0.8*l[AU12], 0.6*l[AU9])
		p.bump(s*0.42, 0.33-0.06*raised, 0, 0.30, 0.25, 0.06+0.09*raised)
	}
	p.illuminate()
}

// skin paints ears, the head and its colouring, and keeps the head's coverage for clipping.
func (p *painter) skin() {
	d, unit := &p.face.Identity, p.view.unit
	tone := ink{colour: d.Skin, alpha: 1, lit: 1, gloss: 1}
	for _, s := range []float64{-1, 1} {
		if d.Style == Long || d.Style == Bob {
			break // under the hair
		}
		ear := p.view.at(s*0.765*d.HeadWidth, 0.08, -0.05)
		p.shape(ellipse(ear, 0.095*unit, 0.19*unit, p.face.Roll+s*0.15), nil, on(d.Skin.times(0.93), 1))
		p.shape(ellipse(ear, 0.045*unit, 0.11*unit, p.face.Roll+s*0.15), nil, on(p.shade, 0.5))
	}
	p.layer(&p.head, nil, tone, spline(p.view.flat(0, mirrored(p.outline())...), true))
	blush := on(d.Skin.mix(RGB{0.86, 0.32, 0.28}, 0.45), 0.35)
	for _, s := range []float64{-1, 1} {
		p.soft(p.view.on(s*0.42, 0.34, 0), 0.27*unit, 0.20*unit, 0, &p.head, blush)
	}
	if d.Freckles {
		p.freckles()
	}
}

func (p *painter) freckles() {
	rng := rand.New(rand.NewPCG(p.face.Texture, 1))
	for range 26 {
		at := p.view.on(normal(rng, 0.24), 0.20+normal(rng, 0.06), 0)
		r := uniform(rng, 0.012, 0.022) * p.view.unit
		p.soft(at, r, r, 0, &p.head, on(p.shade, 0.3))
	}
}

// body paints neck and shoulders.
func (p *painter) body() {
	f := p.face
	z := -0.25
	shoulders := p.view.flat(z, mirrored([]point{{0, 1.2}, {0.36, 1.2}, {0.7, 1.34}, {1.35, 1.62}, {2.2, 2.6}})...)
	p.shape(spline(shoulders, true), nil, ink{colour: f.Clothes, alpha: 1, lit: 0.7})
	neck := p.view.flat(z, mirrored([]point{{0, 0.5}, {0.40, 0.5}, {0.38, 1.1}, {0.44, 1.3}, {0, 1.5}})...)
	p.layer(&p.scratch2, nil, ink{colour: f.Skin.times(0.80), alpha: 1, lit: 0.8}, spline(neck, true))
	p.soft(p.view.at(0, 1.02+p.lips.jaw, z), 0.55*p.view.unit, 0.28*p.view.unit, f.Roll, &p.scratch2, on(p.shade, 0.8))
}

// nose paints nostrils, the shade of its sides and tip, and the wrinkles of AU9.
func (p *painter) nose() {
	d, unit := &p.face.Identity, p.view.unit
	up := 0.045*p.aus.both(AU9) + 0.015*p.aus.both(AU10)
	flare := 1 + 0.12*p.aus.both(AU9)
	tip := 0.385*d.NoseLength - up*0.6
	p.soft(p.view.on(0, tip+0.04, 0.06), 0.17*d.NoseWidth*unit, 0.05*unit, p.face.Roll, &p.head, on(p.shade, 0.6))
	for _, s := range []float64{-1, 1} {
		x := s * 0.068 * d.NoseWidth * flare
		hole := p.view.on(x, tip+0.005, 0.10)
		p.shape(ellipse(hole, 0.038*flare*unit, 0.020*unit, p.face.Roll-s*0.35), &p.head, on(p.shade.times(0.42), 0.85))
		w := s * 0.135 * d.NoseWidth * flare
		wing := []point{{w * 0.9, tip - 0.085 - up}, {w * 1.12, tip - 0.04 - up}, {w * 1.05, tip + 0.01 - up*0.5}, {w * 0.75, tip + 0.015}}
		p.stroke(wing, 0.024, spindle, &p.head, on(p.shade.times(0.85), 0.75))
		ridge := []point{{s * 0.10, -0.10}, {s * 0.065, 0.04}, {s * 0.075, 0.2}}
		p.stroke(ridge, 0.05, spindle, &p.head, on(p.shade, 0.22))
	}
	p.wrinkles()
}

// wrinkles paints the lines that AU9 draws across the root and down the sides of the nose.
func (p *painter) wrinkles() {
	depth := p.aus.both(AU9)
	for i, y := range []float64{-0.06, 0.0, 0.06} {
		w := 0.075 + 0.01*float64(i)
		p.stroke([]point{{-w, y - 0.02}, {0, y + 0.01}, {w, y - 0.02}}, 0.020, spindle, &p.head, on(p.shade, 0.85*depth))
	}
	for _, s := range []float64{-1, 1} {
		for _, dy := range []float64{0, 0.05} {
			line := []point{{s * 0.06, 0.02 + dy}, {s * 0.11, 0.10 + dy}, {s * 0.125, 0.17 + dy}}
			p.stroke(line, 0.020, spindle, &p.head, on(p.shade, 0.6*depth))
		}
	}
}

// beard paints hair on the lower face, leaving the lips to be painted over it.
func (p *painter) beard() {
	d, m := &p.face.Identity, &p.lips
	k := on(d.HairColour.mix(d.Skin.times(0.35), 0.8*(1-d.Stubble)), d.Stubble)
	top := m.y - m.lift - m.raise
	if d.Beard == Moustache {
		p.shape(spline(p.view.all(0.03, p.moustache(top)...), true), &p.head, k)
		return
	}
	p.shape(p.view.flat(0.02, p.fullBeard(top)...), &p.head, k)
}

// moustache returns the outline of a moustache above the lip's edge at top; its ends follow the mouth's corners.
func (p *painter) moustache(top float64) []point {
	half := func(side int, sign float64) []point { // from the middle of the upper edge outwards and back
		w, c := p.lips.half[side], p.lips.corner[side]
		return []point{
			{sign * 0.13, top - 0.12}, {sign * w * 0.95, top - 0.02 + c*0.6},
			{sign * (w*0.9 + 0.06), top + 0.05 + c}, {sign * w * 0.7, top - 0.01 + c*0.5},
		}
	}
	return slices.Concat([]point{{0, top - 0.135}}, half(1, 1), []point{{0, top - 0.045}}, reversed(half(0, -1)))
}

// fullBeard returns the outline of a beard from the ears over the jaw, open above the lip's edge at top.
func (p *painter) fullBeard(top float64) []point {
	jaw, corner := p.lips.jaw, p.lips.half[1]+0.10
	outer := []point{{0.74, -0.05}, {0.80, 0.3 + 0.3*jaw}, {0.72, 0.8 + 0.8*jaw}, {0.4, 1.15 + jaw}, {0, 1.3 + jaw}}
	inner := []point{{0.665, -0.05}, {0.63, 0.30}, {0.52, 0.52}, {0.40, 0.60}, {corner, top - 0.05}, {0.14, top - 0.135}, {0, top - 0.125}}
	return slices.Concat(mirrored(outer), flipped(inner), reversed(inner)[1:]) // the right side down, the left side up
}
