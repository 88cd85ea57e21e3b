package data

import (
	"math"
	"math/rand/v2"
)

// Mixup and cutmix: samples of a group are mixed with those of the same group in reverse order, and so are their targets. What is
// drawn, a Mix, is apart from its application.

// Mixing says how samples are mixed. 0 turns either kind off.
type Mixing struct {
	Mixup  float64 // α of the Beta(α, α) that λ is drawn from (Zhang et al. 2018)
	Cutmix float64 // likewise (Yun et al. 2019)
	Share  float64 // probability of cutmix where both are on
}

// On reports whether anything is mixed.
func (m Mixing) On() bool { return m.Mixup > 0 || m.Cutmix > 0 }

// Mix is what is drawn for a group: a sample keeps λ of itself, and gets the rest from its partner. An empty Box is mixup.
type Mix struct {
	Lambda float64
	Box    Box // of cutmix, in every frame: the pixels that come from the partner
}

// Draw draws the mix of a group of views of h×w pixels.
func (m Mixing) Draw(h, w int, rng *rand.Rand) Mix {
	if m.Mixup == 0 || m.Cutmix > 0 && rng.Float64() < m.Share {
		return cut(h, w, beta(m.Cutmix, rng), rng.IntN(w), rng.IntN(h))
	}
	return Mix{Lambda: beta(m.Mixup, rng)}
}

// cut returns the cutmix of λ about a centre. Sides are √(1−λ) of the frame's, in whole pixels, and a half of them to each side of the
// centre; what lies outside the frame is clipped. λ becomes the share of pixels that a sample keeps.
func cut(h, w int, lambda float64, x, y int) Mix {
	side := math.Sqrt(1 - lambda)
	halfW, halfH := int(float64(w)*side)/2, int(float64(h)*side)/2
	left, right := max(x-halfW, 0), min(x+halfW, w)
	top, bottom := max(y-halfH, 0), min(y+halfH, h)
	b := Box{X: left, Y: top, W: right - left, H: bottom - top}
	if b.W*b.H == 0 {
		return Mix{Lambda: 1}
	}
	return Mix{Lambda: 1 - float64(b.W*b.H)/float64(h*w), Box: b}
}

// Views mixes the views of a group in place. Mixup makes floats of bytes; mixing pixels in [0, 1] is mixing normalised ones.
func (m Mix) Views(group []View) {
	SameForm(group)
	for i, j := 0, len(group)-1; i < j; i, j = i+1, j-1 {
		switch {
		case m.Lambda == 1:
		case m.Box != (Box{}):
			m.swap(group[i], group[j])
		default:
			for _, v := range []*View{&group[i], &group[j]} {
				v.Floats, v.Bytes = v.Planar(), nil
			}
			m.blend(group[i].Floats, group[j].Floats)
		}
	}
}

// Targets mixes the soft targets [samples, classes] of a group in place.
func (m Mix) Targets(soft []float32, classes int) {
	for i, j := 0, len(soft)-classes; i < j; i, j = i+classes, j-classes {
		m.blend(soft[i:i+classes], soft[j:j+classes])
	}
}

// blend sets a to λ·a + (1−λ)·b, and b to λ·b + (1−λ)·a. The conversions keep compilers from fusing, so that all machines agree.
func (m Mix) blend(a, b []float32) {
	own, other := float32(m.Lambda), float32(1-m.Lambda)
	for i, x := range a {
		y := b[i]
		a[i] = float32(own*x) + float32(other*y)
		b[i] = float32(own*y) + float32(other*x)
	}
}

// swap exchanges the box of two views that are both bytes or both floats.
func (m Mix) swap(a, b View) {
	for row := range a.T * m.Box.H {
		at := ((row/m.Box.H)*a.H+m.Box.Y+row%m.Box.H)*a.W + m.Box.X // the first pixel of a row of the box
		if a.Bytes != nil {
			exchange(a.Bytes[3*at:3*(at+m.Box.W)], b.Bytes[3*at:])
			continue
		}
		for c := range 3 {
			plane := c * a.T * a.H * a.W
			exchange(a.Floats[plane+at:plane+at+m.Box.W], b.Floats[plane+at:])
		}
	}
}

func exchange[N uint8 | float32](a, b []N) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}

// SameForm makes floats of all views if any has floats, as a batch is uploaded in one form.
func SameForm(views []View) {
	floats := false
	for _, v := range views {
		floats = floats || v.Floats != nil
	}
	for i := range views {
		if v := &views[i]; floats {
			v.Floats, v.Bytes = v.Planar(), nil
		}
	}
}

// SmoothTargets returns soft targets [len(labels), classes] with label smoothing (Szegedy et al. 2016): every class gets
// smoothing/classes, and the true class 1 − smoothing on top.
func SmoothTargets(labels []int, classes int, smoothing float64) []float32 {
	t := make([]float32, len(labels)*classes)
	for i := range t {
		t[i] = float32(smoothing / float64(classes))
	}
	for i, label := range labels {
		t[i*classes+label] = float32(1 - smoothing + smoothing/float64(classes))
	}
	return t
}

// beta draws from Beta(α, α), as X/(X + Y) of two gamma variates.
func beta(alpha float64, rng *rand.Rand) float64 {
	for {
		x, y := gamma(alpha, rng), gamma(alpha, rng)
		if x+y > 0 { // both vanish for tiny α
			return x / (x + y)
		}
	}
}

// gamma draws from Gamma(α, 1) (Marsaglia & Tsang 2000), for α < 1 as Gamma(α+1)·U^(1/α).
func gamma(alpha float64, rng *rand.Rand) float64 {
	if alpha < 1 {
		return gamma(alpha+1, rng) * math.Pow(rng.Float64(), 1/alpha)
	}
	d := alpha - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := float64(c*x) + 1
		v *= v * v
		if v > 0 && math.Log(1-rng.Float64()) < x*x/2+d-float64(d*v)+d*math.Log(v) {
			return d * v
		}
	}
}
