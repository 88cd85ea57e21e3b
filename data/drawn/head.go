package drawn

import "math/rand/v2"

// body paints neck and shoulders, with the hair behind them.
func (p *painter) body() {
	const depth = -0.25
	if back := cuts[p.Style].back; back != nil {
		p.shape(p.outline(-0.1, back...), on(p.HairColour.times(0.8), 1, nil))
	}
	p.shape(p.outline(depth, 1.2i, 0.36+1.2i, 0.7+1.34i, 1.35+1.62i, 2.2+2.6i), ink{colour: p.Clothes, alpha: 1, lit: 0.7})
	p.area(p.part, p.outline(depth, 0.5i, 0.40+0.5i, 0.38+1.1i, 0.44+1.3i), ink{colour: p.Skin.times(0.80), alpha: 1, lit: 0.8})
	p.soft(p.at(complex(0, 1.02+p.lips.jaw), depth), 0.55, 0.28, on(p.shade, 0.8, p.part))
}

// contour returns the outline of the right half of the head from the crown to the chin, at depth 0, for heads of mean width.
func (d *Identity) contour(jaw float64) []point {
	j, c := d.JawWidth, d.ChinLength
	return []point{-1.0i, 0.40 - 0.93i, 0.66 - 0.62i, 0.745 - 0.2i, 0.735 + 0.15i, complex(0.665*(0.4+0.6*j), 0.48+0.3*jaw),
		complex(0.52*j, 0.74*c+0.7*jaw), complex(0.27*j, 0.945*c+jaw), complex(0.08*j, 0.995*c+jaw), complex(0, c+jaw)}
}

// skin paints ears, the head and its colouring.
func (p *painter) skin() {
	for range p.halves {
		ear := p.flat(-0.05, 0.765+0.08i)[0]
		p.oval(ear, 0.095, 0.19, 0.15, on(p.Skin.times(0.93), 1, nil))
		p.oval(ear, 0.045, 0.11, 0.15, on(p.shade, 0.5, nil))
	}
	p.area(p.head, p.outline(0, p.contour(p.lips.jaw)...), ink{colour: p.Skin, alpha: 1, lit: 1, gloss: 1})
	for range p.halves {
		p.soft(p.on(0.42+0.34i, 0), 0.27, 0.20, on(p.Skin.mix(RGB{0.86, 0.32, 0.28}, 0.45), 0.35, p.head))
	}
	if p.Freckles {
		rng := rand.New(rand.NewPCG(p.Texture, 1))
		for range 26 {
			at := complex(normal(rng, 0.24), 0.20+normal(rng, 0.06))
			r := uniform(rng, 0.012, 0.022)
			p.soft(p.on(at, 0), r, r, on(p.shade, 0.3, p.head))
		}
	}
}

// nose is the shape of the nose under the action units.
type nose struct {
	wide      float64 // factor
	tip, base site    // where it stands out most, and where it ends above the lip
	nostril   site    // the middle of the right one
	wing      []point // of the right half, from above; on the surface
}

// site is a point of the face, and by how much it stands out of the surface.
type site struct {
	at     point
	raised float64
}

// nostrilHeight is half the height of a nostril.
const nostrilHeight = 0.020

func (d *Identity) nose(a *AUs) nose {
	up := 0.045*a.both(AU9) + 0.015*a.both(AU10)
	w := d.NoseWidth * (1 + 0.12*a.both(AU9))
	under := complex(0, 0.385*d.NoseLength-up*0.6)
	wing := []point{complex(0.122*w, -0.085-up), complex(0.151*w, -0.04-up), complex(0.142*w, 0.01-up*0.5), complex(0.101*w, 0.015)}
	return nose{
		wide:    w,
		tip:     site{complex(0, 0.33*d.NoseLength-0.02*a.both(AU9)), 0.12},
		base:    site{under + 0.04i, 0.06},
		nostril: site{under + complex(0.068*w, 0.005), 0.10},
		wing:    each(wing, func(q point) point { return under + q }),
	}
}

// nose paints nostrils and the shade of the nose's sides and tip.
func (p *painter) nose() {
	n := p.Face.nose(p.aus)
	p.soft(p.on(n.base.at, n.base.raised), 0.17*p.NoseWidth, 0.05, on(p.shade, 0.6, p.head))
	for range p.halves {
		nostril := p.on(n.nostril.at, n.nostril.raised)
		p.oval(nostril, 0.038*n.wide, nostrilHeight, -0.35, on(p.shade.times(0.42), 0.85, p.head))
		p.crease(0.024, 0.85, n.wing...)
		p.crease(0.05, 0.22, 0.10-0.10i, 0.065+0.04i, 0.075+0.2i)
	}
}

// crease paints a line on the skin, as age and action units draw them.
func (p *painter) crease(width, alpha float64, line ...point) {
	p.curve(p.surface(0, line...), width, spindle, on(p.shade, alpha, p.head))
}

// creases paints the lines that cross the middle: those of raised brows on the forehead, and of AU9 on the nose's root.
func (p *painter) creases() {
	both := p.aus.both
	raised := (0.5*both(AU1)+0.35*both(AU2))*(0.6+0.3*p.Age) + 0.12*p.Age
	for i, y := range []float64{-0.46, -0.54, -0.61} {
		w := (0.16 + 0.3*both(AU2)) * (1 - 0.12*float64(i))
		p.crease(0.018, raised, arch([]point{complex(0, y+0.012), complex(w/2, y), complex(w, y+0.01)})...)
	}
	for _, down := range []point{-0.06i, 0, 0.06i} {
		p.crease(0.020, 0.85*both(AU9), arch([]point{down + 0.01i, down + 0.085 - 0.02i})...)
	}
}

// folds paints the lines of one half: of a frown beside the nose's root, of AU9 down its side, of a smile beside the
// eye, and the nasolabial fold, which smile, sneer and grief deepen each in their way.
func (p *painter) folds(half int, a *Levels) {
	m, age := &p.lips, p.Age
	p.crease(0.024, a[AU4]*(0.55+0.3*age), 0.045-0.31i, 0.035-0.22i, 0.05-0.13i)
	for _, down := range []point{0, 0.05i} {
		p.crease(0.020, 0.6*a[AU9], down+0.06+0.02i, down+0.11+0.10i, down+0.125+0.17i)
	}
	corner := complex(p.EyeDistance+0.165*p.EyeSize+0.04, 0)
	for _, fan := range []point{-0.03i, 0.015i, 0.06i} {
		p.crease(0.016, a[AU6]*(0.35+0.5*age), corner+fan*0.5, corner+0.05+fan*0.9, corner+0.085+fan*1.6)
	}
	depth := clamp(0.10+0.25*age+0.6*a[AU12]+0.7*a[AU10]+0.5*a[AU9]+0.25*a[AU15]+0.25*a[AU20], 0, 1)
	fold := []point{
		complex(0.145*p.NoseWidth+0.02, 0.36*p.NoseLength-0.04*a[AU9]-0.02*a[AU10]),
		complex(0.255+0.04*a[AU12]+0.035*a[AU10], 0.46-0.02*a[AU12]-0.02*a[AU9]),
		complex(m.half[half]+0.085, m.y+m.corner[half]*0.7-0.05+0.03*a[AU15]),
	}
	p.crease(0.060, 0.35*depth, fold...)
	p.crease(0.022, 0.75*depth, fold...)
}

// beard paints hair on the lower face, leaving the lips to be painted over it.
func (p *painter) beard() {
	m := &p.lips
	k := on(p.HairColour.mix(p.Skin.times(0.35), 0.8*(1-p.Beard)), p.Beard, p.head)
	lip := complex(0, m.y-m.lift-m.raise) // the upper edge
	wide, corner := (m.half[0]+m.half[1])/2, (m.corner[0]+m.corner[1])/2
	if p.Moustache {
		line := arch([]point{lip - 0.09i, lip + 0.15 - 0.07i, lip + complex(wide*0.9+0.04, 0.02+corner)})
		p.curve(p.surface(0.03, line...), 0.13, spindle, k)
		return
	}
	jaw := complex(0, m.jaw)
	outer := []point{1.3i + jaw, 0.4 + 1.15i + jaw, 0.72 + 0.8i + 0.8*jaw, 0.80 + 0.3i + 0.3*jaw, 0.74 - 0.05i}
	inner := []point{lip - 0.125i, lip + 0.14 - 0.135i, lip + complex(wide+0.10, -0.05),
		0.40 + 0.60i, 0.52 + 0.52i, 0.63 + 0.30i, 0.665 - 0.05i}
	p.shape(p.flat(0.02, loop(arch(outer), arch(inner))...), k)
}
