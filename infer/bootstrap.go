package infer

import (
	"slices"

	"mien/data"
)

// How far recalls would move with other samples of the same kind.

// Bootstrap has the 95 % confidence intervals of recalls by the percentile bootstrap over samples (Efron 1979): the set is drawn
// again from its own samples, with replacement, and measured each time.
type Bootstrap struct {
	Draws int      `json:"draws"`
	UAR   Interval `json:"uar"`
	WAR   Interval `json:"war"`
}

// Interval holds 95 % of what was drawn, in percent.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Resample adds the intervals of the score by so many draws; 0 adds none.
func (s *Score) Resample(draws int, seed uint64) {
	if draws > 0 && s.N > 0 {
		s.Bootstrap = NewBootstrap(len(s.Labels), s.Answers, draws, seed)
	}
}

// NewBootstrap draws answers so many times. A draw that misses a class has the mean recall of the others. The seed fixes the result.
func NewBootstrap(classes int, answers []Answer, draws int, seed uint64) *Bootstrap {
	rng := data.Stream(seed, "bootstrap")
	uar, war := make([]float64, draws), make([]float64, draws)
	for i := range draws {
		c := NewConfusion(classes)
		for range answers {
			a := answers[rng.IntN(len(answers))]
			c.Add(a.Truth, a.Class)
		}
		uar[i], war[i] = c.UAR(), c.WAR()
	}
	return &Bootstrap{Draws: draws, UAR: central(uar), WAR: central(war)}
}

// central returns the 2.5th and the 97.5th percentile of values, which it sorts.
func central(values []float64) Interval {
	slices.Sort(values)
	return Interval{percentile(values, 0.025), percentile(values, 0.975)}
}

// percentile interpolates between the two sorted values around a share of the way from the first to the last, as numpy does.
func percentile(sorted []float64, share float64) float64 {
	at := share * float64(len(sorted)-1)
	i := int(at)
	next := sorted[min(i+1, len(sorted)-1)]
	return sorted[i] + float64((at-float64(i))*(next-sorted[i]))
}
