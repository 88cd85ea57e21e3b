package drawn

import "math"

// eyeRaised is by how much the eyes and their lids stand out of the face.
const eyeRaised = 0.02

// lids returns points along the upper and the lower lid of the eye in the right half, from the inner corner outwards,
// moved up and down from there.
func (d *Identity) lids(a *Levels, up, down float64) (upper, lower []point) {
	open := d.EyeSize * (0.082 + 0.058*a[AU5] - 0.028*a[AU7] - 0.018*a[AU9] - 0.014*a[AU6])
	under := d.EyeSize * (0.055 + 0.012*a[AU5] - 0.026*a[AU7] - 0.030*a[AU6] - 0.024*a[AU9])
	cheek := 0.020*a[AU6] + 0.010*a[AU9] // how much the lower lid bulges up
	for u := -1.0; u <= 1; u += 0.25 {
		arc := 1 - math.Pow(math.Abs(u), 2.3)
		low := under*arc - cheek*arc*arc
		high := -open * arc * (1 - 0.12*u) // highest a little towards the nose
		high += (low - high) * a[AU43] * arc
		corner := complex(d.EyeDistance+0.165*d.EyeSize*u, -d.EyeTilt*u)
		upper = append(upper, corner+complex(0, high-up*arc))
		lower = append(lower, corner+complex(0, low+down*arc))
	}
	return upper, lower
}

// eye paints the shade around an eye, the fold above the lid and the bag below, the eyeball and the lids' lines.
func (p *painter) eye(a *Levels) {
	p.soft(p.on(complex(p.EyeDistance-0.06, -0.10), 0), 0.26, 0.12, on(p.shade, 0.35, p.head))
	fold, bag := p.lids(a, 0.045-0.02*a[AU5]-0.02*a[AU9], 0.035+0.02*a[AU6])
	p.crease(0.018, 0.75-0.3*a[AU4], fold...)
	p.crease(0.022, 0.12+0.25*p.Age+0.5*max(a[AU6], a[AU7]*0.7, a[AU9]), bag[1:]...)

	upper, lower := p.lids(a, 0, 0)
	up, low := p.surface(eyeRaised, upper...), p.surface(eyeRaised, lower...)
	p.area(p.part, loop(spline(up), spline(low)), ink{colour: RGB{0.96, 0.94, 0.92}, alpha: 1, lit: 0.8})
	at := p.on(complex(p.EyeDistance+p.side*(0.055*p.GazeX+0.09*math.Sin(p.Yaw)), 0.03*p.GazeY-0.012), eyeRaised)
	iris := 0.088 * math.Sqrt(p.EyeSize)
	p.oval(at, iris, iris, 0, ink{colour: p.Iris.times(0.45), alpha: 1, lit: 0.6, within: p.part})
	p.oval(at, iris*0.84, iris*0.84, 0, ink{colour: p.Iris.times(1.1), alpha: 1, lit: 0.6, within: p.part})
	p.oval(at, iris*0.45, iris*0.45, 0, ink{colour: RGB{0.04, 0.03, 0.03}, alpha: 1, within: p.part})
	p.soft(p.on(upper[4]-0.01i, eyeRaised), 0.2, 0.075, ink{colour: RGB{0.15, 0.10, 0.10}, alpha: 0.65, within: p.part})
	shine := at + complex(0.033*p.LightX-0.012, -0.032)*p.turn
	p.oval(shine, 0.021, 0.021, 0, ink{colour: RGB{1, 1, 1}, alpha: 0.92, within: p.part})
	lashes := func(t float64) float64 { return 0.45 + 0.75*t } // thicker at the outer corner
	p.curve(up, 0.032*p.Lashes, lashes, ink{colour: RGB{0.13, 0.08, 0.07}, alpha: 0.92, lit: 0.5})
	p.curve(low, 0.014, even, on(p.shade.times(0.7), 0.7, nil))
}

// browLine returns the middle of the eyebrow in the right half, from the inner end outwards: AU1 lifts its inner end, AU2 its outer part,
// AU4 pulls it down and towards the nose.
func (d *Identity) browLine(a *Levels) []point {
	// Together, AU1 and AU4 raise the inner ends and draw them together: AU4 then lowers little.
	lowered := a[AU4] * (1 - 0.85*a[AU1])
	rest, arch := complex(d.EyeDistance-0.33, -0.205-d.BrowHeight-0.02*(d.EyeSize-1)), 0.048*d.BrowArch
	return []point{
		rest + complex(0.145-0.06*a[AU4]+0.005*a[AU1], -0.012-d.RestBrow-0.125*a[AU1]+0.105*lowered+0.05*a[AU9]),
		rest + complex(0.25-0.03*a[AU4], -arch*0.6-0.095*a[AU1]-0.045*a[AU2]+0.085*lowered+0.04*a[AU9]),
		rest + complex(0.40-0.01*a[AU4], -arch-0.02*a[AU1]-0.115*a[AU2]+0.045*lowered+0.015*a[AU9]),
		rest + complex(0.55, 0.03+0.04*a[AU1]*(1-a[AU2])-0.075*a[AU2]-0.01*lowered+0.01*a[AU6]),
	}
}

// brow paints an eyebrow.
func (p *painter) brow(a *Levels) {
	line := p.surface(0, p.browLine(a)...)
	taper := func(t float64) float64 { return (0.55 + 0.45*min(1, t*4)) * (1 - 0.85*max(0, t-0.45)/0.55) }
	p.curve(line, 0.105*p.BrowWidth, taper, on(p.BrowColour, 0.35, p.head))
	p.curve(line, 0.068*p.BrowWidth, taper, on(p.BrowColour, 0.85, p.head))
}

// glasses paints frames over the eyes.
func (p *painter) glasses() {
	if !p.Glasses {
		return
	}
	k := ink{colour: p.Frame, alpha: 0.95, lit: 0.6}
	for range p.halves {
		rim := arch([]point{-0.185i, 0.19 - 0.175i, 0.235, 0.18 + 0.175i, 0.185i})
		onEye := func(q point) point { return p.at(q+complex(p.EyeDistance+0.005, 0.02), headDepth*0.98) }
		p.curve(each(rim, onEye), 0.028, even, k)
		temple := []point{p.at(complex(p.EyeDistance+0.235, -0.03), headDepth*0.95), p.flat(0, 0.76-0.05i)[0]}
		p.curve(temple, 0.03, even, k)
	}
	p.curve(p.surface(0, arch([]point{-0.035i, complex(p.EyeDistance-0.24, -0.01)})...), 0.028, even, k)
}
