package gradcheck

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// How a case that is larger than Options.Full is sampled.
const (
	someDirections = 2 // random projections of the outputs, and as many random directions through each tensor
	someElements   = 4 // of each tensor
)

// kinkShare is how far one-sided differences may fail to converge, relative to the gradient.
const kinkShare = 1e-3

// Errors are relative to at least these shares of the largest gradients and of the outputs.
const (
	tensorShare = 1e-3
	caseShare   = 1e-5
)

// checker compares the gradients of one program with differences.
type checker struct {
	*program
	opt     Options
	full    bool
	base    []float64   // outputs at the origin
	project []direction // of the outputs
}

// pair is one derivative, computed both ways.
type pair struct {
	Element
	leaf        *leaf
	along       direction // through the leaf
	projection  int
	left, right float64 // the one-sided differences
	kinked      bool
}

// check compares all pairs and reports the worst, or else the first kink.
func (c *checker) check() (Result, error) {
	c.base = c.outputs()
	size := len(c.base)
	for _, l := range c.learning {
		size += len(l.Values)
	}
	c.full = size <= c.opt.Full
	c.project = c.sample(len(c.base), 0, "outputs", randomWeights)
	res := Result{Name: c.Name, Full: c.full}
	if err := c.backward(); err != nil {
		return res, err
	}
	c.measure()
	var worst, kink *pair
	for _, p := range c.pairs() {
		res.Checked++
		switch {
		case p.kinked:
			kink = cmp.Or(kink, p)
		case worst == nil || p.RelError > worst.RelError:
			worst = p
		}
	}
	if worst != nil {
		if res.Worst = worst.Element; worst.RelError > c.opt.Tol {
			res.Worst = c.locate(worst).Element
			return res, &Mismatch{res.Worst, c.opt.Tol}
		}
	}
	if kink != nil {
		return res, &Kink{kink.Element, kink.left, kink.right}
	}
	return res, nil
}

// pairs compares along all directions through all leaves.
func (c *checker) pairs() (all []*pair) {
	for _, l := range c.learning {
		for _, along := range c.sample(len(l.Values), someElements, "directions of "+l.Name, randomDirection) {
			all = append(all, c.compare(l, along)...)
		}
	}
	return all
}

// sample returns the unit vectors of n elements if they are few, else some that random draws and those of some elements.
func (c *checker) sample(n, elements int, stream string, random func(rng *rand.Rand, n int) direction) (some []direction) {
	if c.full || n <= someDirections+elements {
		for i := range n {
			some = append(some, unit(i))
		}
		return some
	}
	rng := c.stream(stream)
	for range someDirections {
		some = append(some, random(rng, n))
	}
	for range elements {
		some = append(some, unit(rng.IntN(n)))
	}
	return some
}

// seed multiplies the gradients of the outputs, and the results are divided by it, both exactly: this exposes an op that assumes the
// gradient of its result is 1, even if that is a single number.
const seed = -2

// backward runs a pass for each projection, and the first one twice. All forward passes must agree.
func (c *checker) backward() error {
	expected := []Tensor{{Name: "outputs", Values: c.base}}
	for i, w := range slices.Concat(c.project[:min(1, len(c.project))], c.project) {
		tensors := c.gradients(seed, func(int) direction { return w })
		for _, g := range tensors[1:] {
			for j := range g.Values {
				g.Values[j] = g.Values[j]/seed + 0 // zeros stay positive
			}
		}
		if err := same(expected, tensors); err != nil {
			return err
		}
		if expected = tensors; i == 0 {
			continue // the next pass must repeat all of it
		}
		expected = tensors[:1]
		for j, l := range c.learning {
			l.analytic = append(l.analytic, tensors[1+j].Values)
		}
	}
	return nil
}

// same compares the bits of the tensors that are expected again, so that NaN equals itself.
func same(expected, tensors []Tensor) error {
	for i, want := range expected {
		for j, first := range want.Values {
			if second := tensors[i].Values[j]; math.Float64bits(first) != math.Float64bits(second) {
				what := want.Name
				if i > 0 {
					what = "gradient of " + what
				}
				return &NonDeterministic{what, j, first, second}
			}
		}
	}
	return nil
}

// compare moves a leaf along a direction and computes the derivative of every projection both ways.
func (c *checker) compare(l *leaf, along direction) []*pair {
	var outputs [5][]float64 // at −2, −1, 0, 1 and 2 steps along a straight line
	for i := range outputs {
		outputs[i] = c.base
		if i != 2 {
			l.move(along, float64(i-2)*c.opt.Step)
			outputs[i] = c.outputs()
		}
	}
	l.move(along, 0)
	var pairs []*pair
	for i, w := range c.project {
		var f [5]float64
		for at, x := range outputs {
			f[at] = w.dot(x)
		}
		p := &pair{leaf: l, along: along, projection: i, left: (f[2] - f[1]) / c.opt.Step, right: (f[3] - f[2]) / c.opt.Step}
		p.Element = Element{Tensor: l.Name, Index: position(l.Shape, along.element()), Output: w.element(), Analytic: along.dot(l.analytic[i])}
		// The central difference of fourth order has an error of step⁴·f⁽⁵⁾/30.
		p.Numeric = (8*(f[3]-f[1]) - (f[4] - f[0])) / (12 * c.opt.Step)
		p.RelError = share(p.Analytic-p.Numeric, max(math.Abs(p.Analytic), math.Abs(p.Numeric), l.floor))
		// The gap between the one-sided differences of a smooth function shrinks in proportion to the step, so what is left of their
		// gap at two steps minus twice the gap at one step is step³·f⁗/2. At a kink it is the change of slope.
		bend := math.Abs((f[4]-2*f[2]+f[0])/(2*c.opt.Step) - 2*(p.right-p.left))
		p.kinked = bend > kinkShare*max(l.size, largest(p.left, p.right))
		pairs = append(pairs, p)
	}
	return pairs
}

// position turns a flat position into one for each axis; −1 has none.
func position(shape []int, flat int) []int {
	if flat < 0 {
		return nil
	}
	index := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		index[axis] = flat % shape[axis]
		flat /= shape[axis]
	}
	return index
}

// measure finds for each leaf its largest gradient and the floor below which errors are not taken relative to a gradient.
func (c *checker) measure() {
	overall := 0.0
	for _, w := range c.project {
		outputs := 0.0
		for i := range w.values {
			outputs += largest(c.base[w.from+i])
		}
		overall = max(overall, outputs)
	}
	for _, l := range c.learning {
		l.size = largest(slices.Concat(l.analytic...)...)
		overall = max(overall, l.size)
	}
	for _, l := range c.learning {
		l.floor = max(tensorShare*l.size, caseShare*overall)
		l.size = max(l.size, caseShare*overall)
	}
}

// locate narrows a failing direction down to a failing element by bisection, following the half with the larger error, and returns p
// if it finds none.
func (c *checker) locate(p *pair) *pair {
	if p.Index != nil {
		return p
	}
	along := func(d direction) *pair { return c.compare(p.leaf, d)[p.projection] }
	wrong := func(d direction) float64 {
		half := along(d)
		return share(half.Analytic-half.Numeric, 1)
	}
	d := p.along
	for len(d.values) > 1 {
		mid := len(d.values) / 2
		left, right := direction{d.from, d.values[:mid]}, direction{d.from + mid, d.values[mid:]}
		if d = right; wrong(left) > wrong(right) {
			d = left
		}
	}
	if one := along(unit(d.from)); one.RelError > c.opt.Tol {
		return one
	}
	return p
}
