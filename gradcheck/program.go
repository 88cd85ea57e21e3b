package gradcheck

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"mien/autograd"
	"mien/engine"
)

// program is a case built on a backend: its forward pass and the tensors that go into it.
type program struct {
	Case
	backend   engine.Backend
	dtype     engine.DType
	precision engine.Precision // of the training pass
	forward   Func
	leaves    []*leaf // inputs, then parameters
	learning  []*leaf // those that are not constant
}

// leaf is an input or a parameter.
type leaf struct {
	name     string
	shape    []int
	origin   []float64       // where the case is checked
	at       []float64       // where it is now
	param    *autograd.Value // nil for an input
	constant bool

	analytic    [][]float64 // what Backward says, for each projection
	size, floor float64     // see checker.measure
}

// build makes the module and draws what the case leaves open.
func build(c Case, b engine.Backend, dtype engine.DType) (*program, error) {
	m := c.New(b, dtype)
	p := &program{Case: c, backend: b, dtype: dtype, forward: m.Forward}
	for i, in := range c.Inputs {
		name := cmp.Or(in.Name, fmt.Sprintf("input %d", i))
		values := in.Values
		if values == nil {
			values = in.draw(c.stream(name))
		}
		if len(values) != engine.Elements(in.Shape) {
			return nil, fmt.Errorf("%s: %s has %d values for shape %v", c.Name, name, len(values), in.Shape)
		}
		p.leaves = append(p.leaves, newLeaf(name, in.Shape, values))
		p.leaves[i].constant = in.NoGrad
	}
	for _, param := range m.Params {
		values, err := engine.Read[float64](param.Data())
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", c.Name, param.Name, err)
		}
		rng := c.stream(param.Name)
		for i := range values {
			values[i] += c.Jitter * rng.NormFloat64()
		}
		l := newLeaf(param.Name, param.Shape(), values)
		l.param, l.constant = param.Value, !param.NeedsGrad()
		l.move(direction{}, 0)
		p.leaves = append(p.leaves, l)
	}
	p.learning = slices.DeleteFunc(slices.Clone(p.leaves), func(l *leaf) bool { return l.constant })
	return p, nil
}

// newLeaf rounds values to float32, so that every dtype starts at the same point.
func newLeaf(name string, shape []int, values []float64) *leaf {
	l := &leaf{name: name, shape: slices.Clone(shape), origin: make([]float64, len(values))}
	for i, v := range values {
		l.origin[i] = float64(float32(v))
	}
	l.at = slices.Clone(l.origin)
	return l
}

func (in Input) draw(rng *rand.Rand) []float64 {
	values := make([]float64, engine.Elements(in.Shape))
	for i := range values {
		if in.Lo == 0 && in.Hi == 0 {
			values[i] = rng.NormFloat64()
		} else {
			values[i] = in.Lo + (in.Hi-in.Lo)*rng.Float64()
		}
	}
	return values
}

// stream returns the random numbers of one tensor of a case.
func (c Case) stream(name string) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%s", c.Name, name)
	return rand.New(rand.NewPCG(c.Seed, h.Sum64()))
}

// move sets a leaf to its origin plus step along d. It starts from the origin each time, so nothing adds up.
func (l *leaf) move(d direction, step float64) {
	copy(l.at, l.origin)
	if step != 0 {
		d.addTo(l.at, step)
	}
	if l.param != nil {
		engine.Write(l.param.Data(), l.at)
	}
}

// position turns a flat position into one for each axis.
func position(shape []int, flat int) []int {
	index := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		index[axis] = flat % shape[axis]
		flat /= shape[axis]
	}
	return index
}

// record puts the computation on a tape and returns the values of all leaves, and the outputs.
func (p *program) record(t *autograd.Tape) (values, out []*autograd.Value) {
	for _, l := range p.leaves {
		switch {
		case l.param != nil:
			values = append(values, l.param)
		case l.constant:
			values = append(values, t.Const(engine.FromSlice(p.backend, p.dtype, l.at, l.shape...)))
		default:
			values = append(values, t.Input(engine.FromSlice(p.backend, p.dtype, l.at, l.shape...)))
		}
	}
	return values, p.forward(t, slices.Clone(values[:len(p.Inputs)]))
}

// outputs runs the forward pass, recording nothing, and returns all outputs, one after the other.
func (p *program) outputs() ([]float64, error) {
	t := autograd.NewInferenceTape(p.backend, engine.Full)
	defer t.Close()
	_, out := p.record(t)
	return flatten(out)
}

func flatten(values []*autograd.Value) ([]float64, error) {
	flat := []float64{}
	for _, v := range values {
		x, err := engine.Read[float64](v.Data())
		if err != nil {
			return nil, err
		}
		flat = append(flat, x...)
	}
	return flat, nil
}

// gradients runs both passes and returns the outputs, and for every leaf the gradient of their projection on the weights that weigh
// returns for their number.
func (p *program) gradients(weigh func(n int) []float64) (outputs []float64, grads [][]float64, err error) {
	t := autograd.NewTape(p.backend)
	defer t.Close()
	t.Precision = p.precision
	values, out := p.record(t)
	if outputs, err = flatten(out); err != nil {
		return nil, nil, err
	}
	t.Backward(p.project(t, out, weigh(len(outputs))))
	for i, l := range p.leaves {
		g, err := l.takeGradient(values[i])
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		grads = append(grads, g)
	}
	return outputs, grads, nil
}

// takeGradient returns the gradient that Backward left on a leaf, zeros for none, and clears it.
func (l *leaf) takeGradient(v *autograd.Value) ([]float64, error) {
	defer v.ZeroGrad()
	switch {
	case v.Grad() == nil:
		return make([]float64, len(l.origin)), nil
	case l.constant:
		return nil, fmt.Errorf("%s has a gradient, but is constant", l.name)
	}
	return engine.Read[float64](v.Grad())
}

// project returns Σ w·out as a scalar.
func (p *program) project(t *autograd.Tape, out []*autograd.Value, w []float64) *autograd.Value {
	total := t.Const(engine.Zeros(p.backend, p.dtype))
	for _, v := range out {
		n := v.Data().Len()
		weight := t.Const(engine.FromSlice(p.backend, p.dtype, w[:n], v.Shape()...))
		total = autograd.Add(total, autograd.Sum(autograd.Mul(v, weight)))
		w = w[n:]
	}
	return total
}
