package gradcheck

import "math"

// kinkShare is how far one-sided differences may fail to converge, relative to the gradient.
const kinkShare = 1e-3

// Errors are relative to at least these shares of the largest gradients and of the outputs.
const (
	tensorShare = 1e-3
	caseShare   = 1e-5
)

// judge finds the worst pair.
func (c *checker) judge(res Result, all []*pair) (Result, error) {
	c.measure(all)
	var worst, kink *pair
	for _, m := range all {
		switch {
		case !m.kinked():
			if worst == nil || m.relError() > worst.relError() {
				worst = m
			}
		case kink == nil:
			kink = m
		}
	}
	if worst != nil {
		res.Worst = c.element(worst)
		if res.Worst.RelError > c.opt.Tol {
			located, err := c.locate(worst)
			if err != nil {
				return res, err
			}
			res.Worst = c.element(located)
			return res, &Mismatch{Case: c.Name, Worst: res.Worst, Tol: c.opt.Tol}
		}
	}
	if kink != nil {
		e := c.element(kink)
		return res, &Kink{Case: c.Name, Tensor: e.Tensor, Index: e.Index, Output: e.Output, Left: kink.left(), Right: kink.right()}
	}
	return res, nil
}

// measure finds for each leaf its largest gradient and the floor below which errors are not taken relative to a gradient.
func (c *checker) measure(all []*pair) {
	for _, m := range all {
		m.leaf.size = max(m.leaf.size, largest(m.slope()))
	}
	overall := 0.0
	for _, w := range c.project {
		overall = max(overall, c.outputSize(w))
	}
	for _, l := range c.learning {
		for _, g := range l.analytic {
			l.size = max(l.size, largest(g...))
		}
		overall = max(overall, l.size)
	}
	for _, l := range c.learning {
		l.floor = max(tensorShare*l.size, caseShare*overall)
		l.size = max(l.size, caseShare*overall)
	}
}

// outputSize returns Σ |w·outputs|.
func (c *checker) outputSize(w direction) float64 {
	if w.dense == nil {
		return largest(c.base[w.at])
	}
	sum := 0.0
	for _, v := range c.base {
		sum += largest(v)
	}
	return sum
}

func (m *pair) kinked() bool {
	return m.bend() > kinkShare*max(m.leaf.size, largest(m.left(), m.right()))
}

// relError is relative to the larger of the two derivatives or the floor.
func (m *pair) relError() float64 {
	return share(m.analytic-m.slope(), max(math.Abs(m.analytic), math.Abs(m.slope()), m.leaf.floor))
}

func (c *checker) element(m *pair) Element {
	e := Element{Tensor: m.leaf.name, Output: -1, Analytic: m.analytic, Numeric: m.slope(), RelError: m.relError()}
	if m.along.dense == nil {
		e.Index = position(m.leaf.shape, m.along.at)
	}
	if w := c.project[m.projection]; w.dense == nil {
		e.Output = w.at
	}
	return e
}

// locate narrows a failing direction down to a failing element by bisection, following the half with the larger error, and returns m
// if it finds none.
func (c *checker) locate(m *pair) (*pair, error) {
	if m.along.dense == nil {
		return m, nil
	}
	lo, hi := 0, len(m.along.dense)
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		var wrong [2]float64 // |analytic − numeric|
		for i, half := range []direction{m.along.part(lo, mid), m.along.part(mid, hi)} {
			found, err := c.compare(m.leaf, half)
			if err != nil {
				return nil, err
			}
			one := found[m.projection]
			wrong[i] = share(one.analytic-one.slope(), 1)
		}
		if wrong[0] > wrong[1] {
			hi = mid
		} else {
			lo = mid
		}
	}
	found, err := c.compare(m.leaf, direction{at: lo})
	if err != nil {
		return nil, err
	}
	if one := found[m.projection]; one.relError() > c.opt.Tol {
		return one, nil
	}
	return m, nil
}
