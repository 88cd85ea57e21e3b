package drawn

import (
	"math"
	"math/rand/v2"
)

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
func newMotion(rng *rand.Rand, class string, n int) motion {
	long := float64(max(n-1, 1))
	m := motion{rest: perform(rng, "neutral"), apex: perform(rng, class)}
	m.onset = long * uniform(rng, 0.03, 0.15)
	m.hold = m.onset + long*uniform(rng, 0.15, 0.30)
	m.release = m.hold + long*uniform(rng, 0.22, 0.38)
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
