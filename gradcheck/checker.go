package gradcheck

import (
	"math"

	"mien/engine"
)

// checker compares the gradients of one program with differences.
type checker struct {
	*program
	opt     Options
	base    []float64   // outputs at the origin
	project []direction // of the outputs
}

// pair is one derivative, computed both ways.
type pair struct {
	leaf       *leaf
	along      direction // through the leaf
	projection int
	analytic   float64
	line
}

func (c *checker) run() (Result, error) {
	res := Result{Name: c.Name}
	var err error
	if c.base, err = c.outputs(); err != nil {
		return res, err
	}
	res.Full = c.full()
	c.project = c.projections(res.Full)
	if err := c.backward(); err != nil {
		return res, err
	}
	all := []*pair{}
	for _, l := range c.learning {
		for _, along := range c.directions(l, res.Full) {
			some, err := c.compare(l, along)
			if err != nil {
				return res, err
			}
			all = append(all, some...)
		}
	}
	res.Checked = len(all)
	return c.judge(res, all)
}

// full tells whether the Jacobian is small enough to be compared as a whole.
func (c *checker) full() bool {
	n := len(c.base)
	for _, l := range c.learning {
		n += len(l.origin)
	}
	return n <= c.opt.Full
}

// projections takes each output by itself, or random weights for all.
func (c *checker) projections(full bool) (weights []direction) {
	n := len(c.base)
	if full || n <= c.opt.Projections {
		return units(n)
	}
	rng := c.stream("outputs")
	for range c.opt.Projections {
		weights = append(weights, randomWeights(rng, n))
	}
	return weights
}

// directions returns the ways to move a leaf: each element, or some elements and some directions through all.
func (c *checker) directions(l *leaf, full bool) (ways []direction) {
	n := len(l.origin)
	if full || n <= c.opt.Elements+c.opt.Projections {
		return units(n)
	}
	rng := c.stream("directions of " + l.name)
	for range c.opt.Projections {
		ways = append(ways, randomDirection(rng, n))
	}
	for range c.opt.Elements {
		ways = append(ways, direction{at: rng.IntN(n)})
	}
	return ways
}

// backward runs a pass for each projection, and the first one twice. All forward passes must agree.
func (c *checker) backward() error {
	for i, w := range c.project {
		grads, err := c.pass(w)
		if err != nil {
			return err
		}
		for j, l := range c.leaves {
			l.analytic = append(l.analytic, grads[j])
		}
		if i > 0 {
			continue
		}
		again, err := c.pass(w)
		if err != nil {
			return err
		}
		for j, l := range c.leaves {
			if err := c.same("gradient of "+l.name, grads[j], again[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// seed multiplies the gradients of the outputs, and the results are divided by it, both exactly: this exposes an op that assumes the
// gradient of its result is 1, even if that is a single number.
const seed = -2

func (c *checker) pass(w direction) (grads [][]float64, err error) {
	outputs, grads, err := c.gradients(func(n int) []float64 { return w.scaled(n, seed) })
	if err != nil {
		return nil, err
	}
	for _, g := range grads {
		for i := range g {
			g[i] = g[i]/seed + 0 // zeros stay positive
		}
	}
	return grads, c.same("outputs", c.base, outputs)
}

// same compares bits, so that NaN equals itself.
func (c *checker) same(what string, first, second []float64) error {
	if len(first) != len(second) {
		return &engine.ShapeError{Op: c.Name + ": two passes differ in the size of " + what, Got: len(second), Want: len(first)}
	}
	for i := range first {
		if math.Float64bits(first[i]) != math.Float64bits(second[i]) {
			return &NonDeterministic{Case: c.Name, What: what, At: i, First: first[i], Second: second[i]}
		}
	}
	return nil
}

// compare moves a leaf along a direction and computes the derivative of every projection both ways.
func (c *checker) compare(l *leaf, along direction) ([]*pair, error) {
	pairs := make([]*pair, len(c.project))
	for i := range pairs {
		pairs[i] = &pair{leaf: l, along: along, projection: i, analytic: along.dot(l.analytic[i]), line: line{step: c.opt.Step}}
	}
	for at := range points {
		outputs := c.base
		if at != 2 {
			l.move(along, float64(at-2)*c.opt.Step)
			var err error
			if outputs, err = c.outputs(); err != nil {
				return nil, err
			}
			if len(outputs) != len(c.base) {
				return nil, &engine.ShapeError{Op: c.Name + ": outputs change size with " + l.name, Got: len(outputs), Want: len(c.base)}
			}
		}
		for i, w := range c.project {
			pairs[i].f[at] = w.dot(outputs)
		}
	}
	l.move(along, 0)
	return pairs, nil
}

// points is how many points on a line are evaluated.
const points = 5

// line holds a function at −2, −1, 0, 1 and 2 steps along a straight line.
type line struct {
	f    [points]float64
	step float64
}

// slope is the central difference of fourth order, with an error of step⁴·f⁽⁵⁾/30.
func (l line) slope() float64 {
	return (8*(l.f[3]-l.f[1]) - (l.f[4] - l.f[0])) / (12 * l.step)
}

// left and right are the one-sided differences.
func (l line) left() float64  { return (l.f[2] - l.f[1]) / l.step }
func (l line) right() float64 { return (l.f[3] - l.f[2]) / l.step }

// bend tells a kink from curvature. The gap between the one-sided differences of a smooth function shrinks in proportion to the
// step, so what is left of their gap at two steps minus twice the gap at one step is step³·f⁗/2. At a kink it is the
// change of slope.
func (l line) bend() float64 {
	wide := (l.f[4] - 2*l.f[2] + l.f[0]) / (2 * l.step)
	return math.Abs(wide - 2*(l.right()-l.left()))
}
