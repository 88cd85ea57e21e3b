package drawn

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Hair lies in front of the ellipsoid's rim: it is projected at this depth.
const hairDepth = 0.12

// cuts are the outlines of the hair styles in units of the head's width: right halves, from the middle outwards.
var cuts = [numStyles]struct {
	back            []point // what falls behind head and neck
	outer, hairline []point // around the skull, and where the forehead begins
}{
	Short: {
		outer:    []point{{0, -1.13}, {0.42, -1.05}, {0.72, -0.74}, {0.82, -0.3}, {0.79, 0}},
		hairline: []point{{0, -0.70}, {0.30, -0.69}, {0.52, -0.60}, {0.63, -0.42}, {0.70, -0.15}},
	},
	Parted: {
		outer:    []point{{0, -1.15}, {0.45, -1.08}, {0.77, -0.74}, {0.84, -0.3}, {0.80, -0.02}},
		hairline: []point{{0, -0.72}, {0.32, -0.66}, {0.54, -0.55}, {0.66, -0.36}, {0.71, -0.1}},
	},
	Long: {
		back:     []point{{0, -1.12}, {0.55, -1.02}, {0.86, -0.55}, {0.92, 0.1}, {0.95, 0.8}, {0.98, 1.5}, {0.5, 1.75}, {0, 1.6}},
		outer:    longOuter,
		hairline: longHairline,
	},
	Bob: {
		back:     []point{{0, -1.12}, {0.55, -1.02}, {0.88, -0.5}, {0.95, 0.1}, {0.97, 0.6}, {0.80, 0.86}, {0.5, 0.8}, {0, 0.7}},
		outer:    longOuter,
		hairline: longHairline,
	},
	Bun: {
		back:     []point{{0, -1.09}, {0.5, -0.99}, {0.78, -0.6}, {0.80, -0.1}, {0.74, 0.25}, {0, 0.3}},
		outer:    []point{{0, -1.13}, {0.42, -1.05}, {0.72, -0.74}, {0.82, -0.3}, {0.77, 0}},
		hairline: []point{{0, -0.74}, {0.32, -0.68}, {0.55, -0.50}, {0.67, -0.28}, {0.72, -0.05}},
	},
	Curly: {
		outer:    []point{{0, -1.13}, {0.42, -1.05}, {0.72, -0.74}, {0.82, -0.3}, {0.80, 0}},
		hairline: []point{{0, -0.68}, {0.30, -0.66}, {0.52, -0.55}, {0.66, -0.3}, {0.72, -0.05}},
	},
	Scarf: {
		back: []point{{0, -1.14}, {0.55, -1.03}, {0.87, -0.55}, {0.92, 0.1}, {0.86, 0.7}, {0.95, 1.3}, {1.15, 1.9}, {0, 2.2}},
	},
}

var (
	longOuter    = []point{{0, -1.13}, {0.42, -1.05}, {0.72, -0.74}, {0.82, -0.3}, {0.88, 0.2}, {0.90, 0.60}, {0.84, 0.84}}
	longHairline = []point{{0, -0.82}, {0.26, -0.70}, {0.50, -0.48}, {0.63, -0.2}, {0.685, 0.15}, {0.70, 0.5}, {0.76, 0.80}}
)

// hairRing projects a closed outline that is given in units of the head's width.
func (p *painter) hairRing(z float64, pts []point) []point {
	return spline(each(pts, func(q point) point { return p.view.at(q.x*p.face.HeadWidth, q.y, z) }), true)
}

// hairBack paints what falls behind head and neck.
func (p *painter) hairBack() {
	d := &p.face.Identity
	k := on(d.HairColour.times(0.80), 1)
	switch d.Style {
	case Curly:
		p.curls(k.colour)
	case Bun:
		p.shape(ellipse(p.view.at(0, -1.16, -0.3), 0.30*p.view.unit, 0.26*p.view.unit, 0), nil, on(d.HairColour, 1))
	case Scarf:
		k = on(d.Clothes.times(0.8), 1)
	}
	if back := cuts[d.Style].back; back != nil {
		p.shape(p.hairRing(-0.1, mirrored(back)), nil, k)
	}
}

// curls paints a cloud of overlapping discs around the skull.
func (p *painter) curls(colour RGB) {
	rng := rand.New(rand.NewPCG(p.face.Texture, 2))
	for i := range 26 {
		angle := math.Pi * (-1.08 + 1.16*(float64(i)+0.5)/26)
		r := 0.98 + uniform(rng, -0.04, 0.05)
		at := p.view.at(0.86*r*math.Cos(angle)*p.face.HeadWidth, -0.12+r*math.Sin(angle), -0.1)
		k := on(colour.times(uniform(rng, 0.88, 1.18)), 1)
		radius := uniform(rng, 0.15, 0.21) * p.view.unit
		p.shape(ellipse(at, radius, radius, 0), nil, k)
	}
}

// hairFront paints the hair that frames the forehead.
func (p *painter) hairFront() {
	d := &p.face.Identity
	switch d.Style {
	case Bald:
		return
	case Scarf:
		p.scarf()
		return
	}
	outer, hairline := cuts[d.Style].outer, cuts[d.Style].hairline
	ring := p.hairRing(hairDepth, slices.Concat(reversed(flipped(outer)), outer[1:], reversed(hairline), flipped(hairline[1:])))
	p.scratch2.fill([][]point{ring}, p.w, p.h)
	p.soft(p.view.at(0, -0.62, hairDepth), 0.75*p.view.unit, 0.20*p.view.unit, p.face.Roll, &p.head, on(p.shade, 0.35))
	p.paint(&p.scratch2, nil, on(d.HairColour, 1))
	if d.Style == Curly {
		p.ringlets()
		return
	}
	p.strands()
}

// ringlets paints overlapping curls of nearly equal tone, cut by the hair in scratch2.
func (p *painter) ringlets() {
	rng := rand.New(rand.NewPCG(p.face.Texture, 5))
	for range 40 {
		at := p.view.at(uniform(rng, -0.9, 0.9), uniform(rng, -1.15, -0.4), hairDepth)
		r := uniform(rng, 0.11, 0.16) * p.view.unit
		p.shape(ellipse(at, r, r, 0), &p.scratch2, on(p.face.HairColour.times(uniform(rng, 0.86, 1.2)), 0.9))
	}
}

// strands paints lighter and darker streaks from the parting outwards, cut by the hair in scratch2.
func (p *painter) strands() {
	rng := rand.New(rand.NewPCG(p.face.Texture, 3))
	start := uniform(rng, -0.25, 0.25)
	for range 22 {
		u := uniform(rng, -1, 1)
		drop := 0.1 * math.Abs(u)
		pts := []point{{start + 0.1*u, -1.10}, {start*0.5 + 0.55*u, drop - 0.92}, {0.80 * u, drop - 0.55},
			{0.86 * u, -0.1}, {0.86 * u, 0.5}}
		k := on(p.face.HairColour.times(1.35).mix(RGB{1, 0.95, 0.85}, 0.06), uniform(rng, 0.15, 0.4))
		if rng.IntN(2) == 0 {
			k = on(p.face.HairColour.times(0.55), uniform(rng, 0.15, 0.4))
		}
		p.curve(p.view.flat(hairDepth, pts...), uniform(rng, 0.02, 0.05), even, &p.scratch2, k)
	}
}

// scarf paints a headscarf that frames the face.
func (p *painter) scarf() {
	hem := []point{{0, -0.74}, {0.36, -0.68}, {0.58, -0.46}, {0.68, -0.1}, {0.68, 0.3},
		{0.58, 0.62}, {0.38, 0.88 + p.lips.jaw}, {0, 0.97 + p.lips.jaw}}
	edge := []point{{0, -1.14}, {0.55, -1.04}, {0.88, -0.55}, {0.93, 0.1}, {0.86, 0.7}, {0.75, 1.2}, {0.3, 1.5}, {0, 1.5}}
	inner := reversed(p.hairRing(hairDepth, mirrored(hem)))
	p.layer(&p.scratch2, nil, ink{colour: p.face.Clothes, alpha: 1, lit: 0.9}, p.hairRing(hairDepth, mirrored(edge)), inner)
	rng := rand.New(rand.NewPCG(p.face.Texture, 4))
	for range 8 {
		s := uniform(rng, 0.78, 0.98)
		pts := []point{{0, -1.02 * s}, {0.62 * s, -0.85 * s}, {0.86 * s, 0}, {0.70 * s, 0.75}, {0.3, 1.25}}
		if rng.IntN(2) == 0 {
			pts = flipped(pts)
		}
		p.curve(p.view.flat(hairDepth, pts...), 0.03, spindle, &p.scratch2, on(p.face.Clothes.times(0.6), 0.4))
	}
}
