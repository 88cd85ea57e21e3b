package drawn

import "math"

// eye is one eye's geometry under its action units; side is −1 for the left of the image, +1 for the right.
type eye struct {
	side         float64
	centre       point
	width        float64 // half the distance between the corners
	upper, lower float64 // how far the lids stand from the line between the corners
	closure      float64 // share of the opening that AU43 covers
	tilt         float64
	cheek        float64 // how much the lower lid bulges up
}

func (p *painter) eyeOf(side float64) eye {
	a, d := p.levels(side), &p.face.Identity
	return eye{
		side:    side,
		centre:  point{side * d.EyeDistance, 0},
		width:   0.165 * d.EyeSize,
		upper:   d.EyeSize * (0.082 + 0.058*a[AU5] - 0.028*a[AU7] - 0.018*a[AU9] - 0.014*a[AU6]),
		lower:   d.EyeSize * (0.055 + 0.012*a[AU5] - 0.026*a[AU7] - 0.030*a[AU6] - 0.024*a[AU9]),
		closure: a[AU43],
		tilt:    d.EyeTilt,
		cheek:   0.020*a[AU6] + 0.010*a[AU9],
	}
}

// lid returns points along the upper lid or the lower, from the left corner to the right, moved up by lift.
func (e *eye) lid(upper bool, lift float64) []point {
	const n = 9
	out := make([]point, n)
	for i := range out {
		u := -1 + 2*float64(i)/(n-1)
		arc := 1 - math.Pow(math.Abs(u), 2.3)
		low := e.lower*arc - e.cheek*arc*arc
		y := low
		if upper {
			// The highest point lies a little towards the nose.
			skew := 1 - 0.12*u*e.side
			y = -e.upper * arc * skew
			y += (low - y) * e.closure * arc
		}
		out[i] = point{e.centre.x + u*e.width, e.centre.y + y - e.tilt*u*e.side - lift*arc}
	}
	return out
}

func (p *painter) eye(side float64) {
	e := p.eyeOf(side)
	p.socket(&e)
	up, low := spline(p.view.all(0.02, e.lid(true, 0)...), false), spline(p.view.all(0.02, e.lid(false, 0)...), false)
	p.layer(&p.opening, nil, ink{colour: RGB{0.96, 0.94, 0.92}, alpha: 1, lit: 0.8}, loop(up, low))
	p.iris(&e)
	p.lids(&e, up, low)
}

// socket paints the shade around the eye and the fold above the lid.
func (p *painter) socket(e *eye) {
	a := p.levels(e.side)
	dark := on(p.shade, 0.35)
	p.soft(p.view.on(e.centre.x-e.side*0.06, -0.10, 0), 0.26*p.view.unit, 0.12*p.view.unit, p.face.Roll, &p.head, dark)
	fold := e.lid(true, 0.045-0.02*a[AU5]-0.02*a[AU9])
	p.stroke(fold, 0.018, spindle, &p.head, on(p.shade, 0.75-0.3*a[AU4]))
	bag := e.lid(false, -0.035-0.02*a[AU6])
	p.stroke(bag[1:], 0.022, spindle, &p.head, on(p.shade, 0.12+0.25*p.face.Age+0.5*max(a[AU6], a[AU7]*0.7, a[AU9])))
}

// iris paints iris, pupil, the upper lid's shadow and the light's reflection, cut by the opening.
func (p *painter) iris(e *eye) {
	f, unit := p.face, p.view.unit
	size := 0.088 * math.Sqrt(f.EyeSize)
	c := p.view.on(e.centre.x+0.055*f.GazeX+0.09*math.Sin(f.Yaw), e.centre.y-0.012+0.03*f.GazeY, 0.02)
	disc := func(r float64) []point { return ellipse(c, r*unit, r*unit, 0) }
	p.shape(disc(size), &p.opening, ink{colour: f.Iris.times(0.45), alpha: 1, lit: 0.6})
	p.shape(disc(size*0.84), &p.opening, ink{colour: f.Iris.times(1.1), alpha: 1, lit: 0.6})
	p.shape(disc(size*0.45), &p.opening, ink{colour: RGB{0.04, 0.03, 0.03}, alpha: 1})
	shadow := p.view.on(e.centre.x, e.centre.y-e.upper-0.01, 0.02)
	p.soft(shadow, 0.2*unit, 0.075*unit, f.Roll, &p.opening, ink{colour: RGB{0.15, 0.10, 0.10}, alpha: 0.65})
	l := f.lightDirection()
	shine := point{c.x + 0.045*unit*l[0] - 0.012*unit, c.y - 0.032*unit}
	p.shape(ellipse(shine, 0.021*unit, 0.021*unit, 0), &p.opening, ink{colour: RGB{1, 1, 1}, alpha: 0.92})
}

// lids paints the lashes' line, the lower rim and the lines of a smile at the outer corner.
func (p *painter) lids(e *eye, up, low []point) {
	a, f := p.levels(e.side), p.face
	lash := func(t float64) float64 {
		if e.side < 0 {
			t = 1 - t
		}
		return 0.45 + 0.75*t // thicker at the outer corner
	}
	p.shape(ribbon(up, 0.032*f.Lashes*p.view.unit, lash), nil, ink{colour: RGB{0.13, 0.08, 0.07}, alpha: 0.92, lit: 0.5})
	p.shape(ribbon(low, 0.014*p.view.unit, even), nil, on(p.shade.times(0.7), 0.7))
	crow := a[AU6] * (0.35 + 0.5*f.Age)
	for _, dy := range []float64{-0.03, 0.015, 0.06} {
		x := e.side * (f.EyeDistance + e.width + 0.04)
		line := []point{{x, dy * 0.5}, {x + e.side*0.05, dy * 0.9}, {x + e.side*0.085, dy * 1.6}}
		p.stroke(line, 0.016, spindle, &p.head, on(p.shade, crow))
	}
}

// brow paints an eyebrow: AU1 lifts its inner end, AU2 its outer part, AU4 pulls it down and towards the nose.
func (p *painter) brow(side float64) {
	a, d := p.levels(side), &p.face.Identity
	// Together, AU1 and AU4 raise the inner ends and draw them together: AU4 then lowers little.
	lowered := a[AU4] * (1 - 0.85*a[AU1])
	base := -0.205 - d.BrowHeight - 0.02*(d.EyeSize-1)
	arch := 0.048 * d.BrowArch
	inner := point{0.145 - 0.06*a[AU4] + 0.005*a[AU1], base - 0.012 - d.RestBrow - 0.125*a[AU1] + 0.105*lowered + 0.05*a[AU9]}
	quarter := point{0.25 - 0.03*a[AU4], base - arch*0.6 - 0.095*a[AU1] - 0.045*a[AU2] + 0.085*lowered + 0.04*a[AU9]}
	peak := point{0.40 - 0.01*a[AU4], base - arch - 0.02*a[AU1] - 0.115*a[AU2] + 0.045*lowered + 0.015*a[AU9]}
	outer := point{0.55, base + 0.03 + 0.04*a[AU1]*(1-a[AU2]) - 0.075*a[AU2] - 0.01*lowered + 0.01*a[AU6]}
	pts := []point{inner, quarter, peak, outer}
	for i := range pts {
		pts[i].x *= side * d.EyeDistance / 0.33
	}
	taper := func(t float64) float64 { return (0.55 + 0.45*min(1, t*4)) * (1 - 0.85*max(0, t-0.45)/0.55) }
	p.stroke(pts, 0.105*d.BrowWidth, taper, &p.head, on(d.BrowColour, 0.35))
	p.stroke(pts, 0.068*d.BrowWidth, taper, &p.head, on(d.BrowColour, 0.85))
}

// frown paints what brows do to the skin between and above them.
func (p *painter) frown() {
	a := p.aus
	between := a.both(AU4) * (0.55 + 0.3*p.face.Age)
	for _, s := range []float64{-1, 1} {
		p.stroke([]point{{s * 0.045, -0.31}, {s * 0.035, -0.22}, {s * 0.05, -0.13}}, 0.024, spindle, &p.head, on(p.shade, between))
	}
	raised := a.both(AU1)*0.5 + a.both(AU2)*0.35
	wide := 0.16 + 0.3*a.both(AU2)
	for i, y := range []float64{-0.46, -0.54, -0.61} {
		w := wide * (1 - 0.12*float64(i))
		line := []point{{-w, y + 0.01}, {-w / 2, y}, {0, y + 0.012}, {w / 2, y}, {w, y + 0.01}}
		p.stroke(line, 0.018, spindle, &p.head, on(p.shade, raised*(0.6+0.3*p.face.Age)+0.12*p.face.Age))
	}
}

// glasses paints frames over the eyes.
func (p *painter) glasses() {
	f, unit := p.face, p.view.unit
	for _, s := range []float64{-1, 1} {
		rim := func(grow float64) []point {
			w, h := 0.235+grow, 0.175+grow
			corners := []point{{-w * 0.8, -h}, {0, -h * 1.06}, {w * 0.8, -h}, {w, 0}, {w * 0.75, h}, {0, h * 1.06}, {-w * 0.75, h}, {-w, 0}}
			onEye := func(q point) point { return p.view.at(q.x+s*(f.EyeDistance+0.005), q.y+0.02, headDepth*0.98) }
			return spline(each(corners, onEye), true)
		}
		p.layer(&p.scratch, nil, ink{colour: f.Frame, alpha: 0.95, lit: 0.6, gloss: 1}, rim(0.016), reversed(rim(-0.012)))
		temple := []point{p.view.at(s*(f.EyeDistance+0.235), -0.03, headDepth*0.95), p.view.at(s*0.76*f.HeadWidth, -0.05, 0)}
		p.shape(ribbon(temple, 0.03*unit, even), nil, ink{colour: f.Frame, alpha: 0.9, lit: 0.6})
	}
	bridge := p.view.flat(headDepth, point{-f.EyeDistance + 0.24, -0.01}, point{0, -0.035}, point{f.EyeDistance - 0.24, -0.01})
	p.curve(bridge, 0.028, even, nil, ink{colour: f.Frame, alpha: 0.95, lit: 0.6})
}
