package gradcheck

// kinkShare is the part of a gradient by which one-sided differences may fail to come together.
const kinkShare = 1e-3

// Shares of the largest gradients and of the outputs under which relative errors are not taken.
const (
	tensorShare = 1e-3
	caseShare   = 1e-5
)

// judge finds the worst pair.
func (c *checker) judge(res Result, all []pair) (Result, error) {
	size, floors := c.floors(all)
	var worst *pair
	var kink *pair
	for i := range all {
		m := &all[i]
		if c.kinked(m, size[m.leaf]) {
			if kink == nil {
				kink = m
			}
			continue
		}
		e := relError(m.analytic, m.slope(), floors[m.leaf])
		if worst == nil || e > res.Worst.RelError {
			worst, res.Worst = m, c.element(m, e)
		}
	}
	if worst != nil && res.Worst.RelError > c.opt.Tol {
		if err := c.locate(worst, floors[worst.leaf], &res.Worst); err != nil {
			return res, err
		}
		return res, &Mismatch{Case: c.Name, Worst: res.Worst, Tol: c.opt.Tol}
	}
	if kink != nil {
		e := c.element(kink, 0)
		return res, &Kink{Case: c.Name, Tensor: e.Tensor, Index: e.Index, Output: e.Output, Left: kink.left(), Right: kink.right()}
	}
	return res, nil
}

// floors returns the largest gradient of each leaf, with a floor, and the gradient under which relative errors of a leaf
// are not taken.
func (c *checker) floors(all []pair) (size, floors []float64) {
	size, floors = make([]float64, len(c.p.leaves)), make([]float64, len(c.p.leaves))
	overall := 0.0
	for _, w := range c.project {
		overall = max(overall, c.outputSize(w))
	}
	for i := range size {
		for _, grads := range c.analytic {
			size[i] = max(size[i], largest(grads[i]))
		}
	}
	for i := range all {
		size[all[i].leaf] = max(size[all[i].leaf], largest([]float64{all[i].slope()}))
	}
	overall = max(overall, largest(size))
	for i := range floors {
		floors[i] = max(tensorShare*size[i], caseShare*overall)
		size[i] = max(size[i], caseShare*overall)
	}
	return size, floors
}

// outputSize returns Σ |w·outputs|.
func (c *checker) outputSize(w direction) float64 {
	if w.dense == nil {
		return largest(c.base[w.at : w.at+1])
	}
	sum := 0.0
	for _, v := range c.base {
		sum += largest([]float64{v})
	}
	return sum
}

func (c *checker) kinked(m *pair, size float64) bool {
	return m.bend() > kinkShare*max(size, largest([]float64{m.left(), m.right()}))
}

func (c *checker) element(m *pair, relError float64) Element {
	l := c.p.leaves[m.leaf]
	e := Element{Tensor: l.name, Output: -1, Analytic: m.analytic, Numeric: m.slope(), RelError: relError}
	if m.along.dense == nil {
		e.Index = position(l.shape, m.along.at)
	}
	if w := c.project[m.projection]; w.dense == nil {
		e.Output = w.at
	}
	return e
}

// locate replaces a direction that failed by an element that does: it follows the half with the larger error.
func (c *checker) locate(m *pair, floor float64, e *Element) error {
	if m.along.dense == nil {
		return nil
	}
	lo, hi := 0, len(m.along.dense)
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		left, err := c.difference(m, m.along.part(lo, mid))
		if err != nil {
			return err
		}
		right, err := c.difference(m, m.along.part(mid, hi))
		if err != nil {
			return err
		}
		if left > right {
			hi = mid
		} else {
			lo = mid
		}
	}
	found, err := c.compare(m.leaf, direction{at: lo})
	if err != nil {
		return err
	}
	one := &found[m.projection]
	if r := relError(one.analytic, one.slope(), floor); r > c.opt.Tol {
		*e = c.element(one, r)
	}
	return nil
}

// difference is |analytic − numeric| of m's projection along another direction.
func (c *checker) difference(m *pair, along direction) (float64, error) {
	found, err := c.compare(m.leaf, along)
	if err != nil {
		return 0, err
	}
	one := found[m.projection]
	return share(one.analytic-one.slope(), 1), nil
}
