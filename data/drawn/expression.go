// Package drawn draws faces: seven expressions built from the action units of the Facial Action Coding System,
// on people who differ in shape, skin, hair, light, pose and background. It is the data every command of mien
// can fall back on, needs no file and no licence, and is reproducible: sample i of a set depends on the set's
// seed and on i, nothing else.
//
// From the top: Images and Videos (dataset.go) are the sets. A Sample (sample.go) is a Face (identity.go) performing AUs, for
// videos in motion (this file). render (draw.go) lights it as a relief under a directional light and paints it in
// layers: background, body, head, nose, eyes, brows, mouth, hair. canvas.go turns curves into anti-aliased coverage.
package drawn

import (
	"math"
	"math/rand/v2"
)

// Unit is an action unit: one muscle group of the face. The constants carry the numbers of the Facial Action
// Coding System (Ekman and Friesen 1978; Ekman, Friesen and Hager 2002) in their names.
type Unit int

const (
	AU1      Unit = iota // inner brow raiser
	AU2                  // outer brow raiser
	AU4                  // brow lowerer: down and together
	AU5                  // upper lid raiser
	AU6                  // cheek raiser: lower lid pushed up, crow's feet
	AU7                  // lid tightener
	AU9                  // nose wrinkler
	AU10                 // upper lip raiser
	AU12                 // lip corner puller
	AU15                 // lip corner depressor
	AU16                 // lower lip depressor
	AU17                 // chin raiser
	AU20                 // lip stretcher
	AU23                 // lip tightener
	AU24                 // lip pressor
	AU25                 // lips part
	AU26                 // jaw drop
	AU43                 // eyes closed; drooping lids at a low level, a blink when brief (AU45)
	NumUnits = int(AU43) + 1
)

// Levels holds an intensity in [0, 1] for each action unit; 1 is the strongest that is drawn.
type Levels [NumUnits]float64

// AUs is what a face does, for its two halves: the left of the image, then the right.
type AUs [2]Levels

// both returns the mean of the two halves.
func (a *AUs) both(u Unit) float64 { return (a[0][u] + a[1][u]) / 2 }

// part is one action unit of an expression. A core unit is always there; the others come and go with the person.
type part struct {
	unit  Unit
	level float64
	core  bool
}

// prototypes lists the action units of each class of expression after Ekman and Friesen's table of prototypes:
// happiness 6+12, sadness 1+4+15, surprise 1+2+5+26, fear 1+2+4+5+20+25, disgust 9+15+16, anger 4+5+7+23.
var prototypes = map[string][]part{
	"neutral":   {},
	"happiness": {{AU12, 1, true}, {AU6, 0.85, true}, {AU25, 0.9, false}, {AU26, 0.3, false}, {AU10, 0.2, false}},
	"sadness":   {{AU1, 1, true}, {AU4, 0.7, true}, {AU15, 1, true}, {AU17, 0.6, false}, {AU43, 0.45, false}},
	"surprise":  {{AU1, 1, true}, {AU2, 1, true}, {AU5, 0.8, true}, {AU26, 1, true}, {AU25, 0.6, true}},
	"fear": {{AU1, 1, true}, {AU4, 0.75, true}, {AU5, 1, true}, {AU20, 1, true}, {AU25, 0.8, true},
		{AU2, 0.5, true}, {AU26, 0.35, false}, {AU16, 0.4, false}},
	"disgust": {{AU9, 1, true}, {AU10, 0.75, true}, {AU15, 0.55, true}, {AU16, 0.4, false}, {AU7, 0.5, false},
		{AU4, 0.4, true}, {AU25, 0.4, false}, {AU17, 0.5, false}},
	"anger": {{AU4, 1, true}, {AU7, 0.7, true}, {AU23, 0.9, true}, {AU5, 0.55, true}, {AU24, 0.7, false}, {AU17, 0.4, false}},
}

// perform draws the way one person shows a class at its apex: an overall intensity of up to 1, each unit stronger or
// weaker than in the prototype, optional units present or not, slightly unequal halves, and faint stray units.
func (y Style) perform(rng *rand.Rand, class string) AUs {
	var a AUs
	intensity := uniform(rng, y.faintest(class), 1)
	for _, p := range prototypes[class] {
		share := uniform(rng, 0.8, 1.1)
		if !p.core {
			share = max(0, uniform(rng, -0.5, 1))
		}
		a.add(p.unit, p.level*intensity*share, normal(rng, 0.07))
	}
	for u := range NumUnits {
		a.add(Unit(u), max(0, uniform(rng, -0.9, 0.1)), 0)
	}
	return a
}

// add raises unit u by level, skew more on the left and as much less on the right, within [0, 1].
func (a *AUs) add(u Unit, level, skew float64) {
	a[0][u] = clamp(a[0][u]+level*(1+skew), 0, 1)
	a[1][u] = clamp(a[1][u]+level*(1-skew), 0, 1)
}

// motion is how a face moves through a video: an expression that rises from rest, holds and fades, over blinks,
// drifts of head and gaze and, for some, talking. Times are frame numbers. An image has rest alone.
type motion struct {
	rest, apex AUs
	// The expression starts at onset, is complete from hold to release and over at end.
	onset, hold, release, end float64
	lag                       Levels // each unit's delay, as a share of the rise and of the fall
	blinks                    []float64
	blink                     float64 // half the length of a blink
	sway                      [5]wave // of roll, yaw, pitch, x and y
	talk                      wave    // opens the mouth; of size 0 for most
	glance, glanceX           float64 // when the gaze jumps, and how far
}

// wave is a slow oscillation.
type wave struct{ size, rate, phase float64 }

func (w wave) at(t float64) float64 { return w.size * math.Sin(w.rate*t+w.phase) }

// newMotion draws the course of a class of expression through n frames. The peak lies anywhere in the middle half, and the
// hold is long enough for any window of half the video to see part of the expression.
func (y Style) newMotion(rng *rand.Rand, class string, n int) motion {
	long := float64(max(n-1, 1))
	m := motion{rest: y.perform(rng, "neutral"), apex: y.perform(rng, class)}
	m.onset = long * uniform(rng, 0.03, 0.15)
	m.hold = m.onset + long*uniform(rng, 0.15, 0.30)
	m.release = m.hold + long*uniform(rng, 0.22, 0.38+0.8*y.Held)
	m.end = m.release + long*uniform(rng, 0.15, 0.30)
	for u := range m.lag {
		m.lag[u] = uniform(rng, 0, 0.25)
	}
	m.blink = max(1.1, 0.045*long)
	for t := uniform(rng, -0.2, 0.6) * long; t < long; t += uniform(rng, 0.4, 1) * long {
		m.blinks = append(m.blinks, t)
	}
	for i, size := range []float64{0.035, 0.08, 0.04, 0.010, 0.010} {
		m.sway[i] = wave{size * uniform(rng, 0.3, 1), uniform(rng, 3, 8) / long, uniform(rng, 0, 2*math.Pi)}
	}
	if rng.Float64() < 0.25 {
		m.talk.size = uniform(rng, 0.1, 0.3)
	}
	m.talk.rate, m.talk.phase = uniform(rng, 20, 35)/long, uniform(rng, 0, 2*math.Pi)
	m.glance, m.glanceX = uniform(rng, 0, 1.6)*long, normal(rng, 0.4)
	return m
}

// newOnset draws the course of an expression through n frames that begin at rest: it is complete in the last quarter, at the latest, and stays.
func newOnset(rng *rand.Rand, class string, n int) motion {
	m, long := Style{}.newMotion(rng, class, n), float64(max(n-1, 1))
	m.onset = long * uniform(rng, 0.1, 0.35)
	m.hold = m.onset + long*uniform(rng, 0.2, 0.4)
	m.release, m.end = long+1, long+2
	return m
}

// level is the share of the apex reached at time t by a unit that lags by the given share: 0 until onset, a smooth
// rise, 1 from hold to release, a smooth fall.
func (m *motion) level(t, lag float64) float64 {
	rise := smooth((t-m.onset)/max(m.hold-m.onset, 1e-9)*(1+lag) - lag)
	fall := smooth((t-m.release)/max(m.end-m.release, 1e-9)*(1+lag) - lag)
	return rise * (1 - fall)
}

// smooth is the minimum-jerk curve from 0 at 0 to 1 at 1.
func smooth(t float64) float64 {
	t = clamp(t, 0, 1)
	return t * t * t * (10 - 15*t + 6*t*t)
}

// action returns the action units of frame i.
func (m *motion) action(i int) AUs {
	t := float64(i)
	var a AUs
	for u := range NumUnits {
		s := m.level(t, m.lag[u])
		for half := range a {
			a[half][u] = m.rest[half][u] + s*(m.apex[half][u]-m.rest[half][u])
		}
	}
	open := max(0, m.talk.at(t)) * (1 - 0.7*m.level(t, 0))
	a.add(AU25, open, 0)
	a.add(AU26, 0.7*open, 0)
	for _, b := range m.blinks {
		a.add(AU43, 1-smooth(math.Abs(t-b)/m.blink), 0)
	}
	return a
}

// conditions returns the pose and gaze of frame i, with noise of its own.
func (m *motion) conditions(base Conditions, i int) Conditions {
	t, c := float64(i), base
	for k, v := range []*float64{&c.Roll, &c.Yaw, &c.Pitch, &c.X, &c.Y} {
		*v += m.sway[k].at(t)
	}
	if t >= m.glance {
		c.GazeX = clamp(c.GazeX+m.glanceX, -1, 1)
	}
	c.NoiseSeed = rand.NewPCG(base.NoiseSeed, uint64(i)).Uint64()
	return c
}

func clamp(x, lo, hi float64) float64 { return min(max(x, lo), hi) }

func uniform(rng *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*rng.Float64() }

// normal draws from a normal distribution of the given deviation, cut at two deviations.
func normal(rng *rand.Rand, deviation float64) float64 {
	return deviation * clamp(rng.NormFloat64(), -2, 2)
}
