package gradcheck

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"mien/autograd"
	"mien/engine"
)

// program is a case built on a backend: its forward pass and the tensors that go into it.
type program struct {
	name      string
	backend   engine.Backend
	dtype     engine.DType
	precision engine.Precision // of the training pass
	forward   Func
	inputs    []*leaf
	leaves    []*leaf // inputs, then parameters
}

// leaf is an input or a parameter.
type leaf struct {
	name     string
	shape    []int
	origin   []float64       // where the case is checked
	at       []float64       // where it is now
	param    *autograd.Value // nil for an input
	constant bool
}

// build makes the module and draws what the case leaves open.
func build(c Case, b engine.Backend, dtype engine.DType) (*program, error) {
	m := c.New(b, dtype)
	p := &program{name: c.Name, backend: b, dtype: dtype, forward: m.Forward}
	for i, in := range c.Inputs {
		name := in.Name
		if name == "" {
			name = fmt.Sprintf("input %d", i)
		}
		values := in.Values
		if values == nil {
			values = in.draw(stream(c, name))
		}
		if len(values) != engine.Elements(in.Shape) {
			return nil, fmt.Errorf("%s: %s has %d values for shape %v", c.Name, name, len(values), in.Shape)
		}
		p.inputs = append(p.inputs, newLeaf(name, in.Shape, values))
		p.inputs[i].constant = in.NoGrad
	}
	p.leaves = slices.Clone(p.inputs)
	for _, param := range m.Params {
		values, err := engine.Read[float64](param.Data())
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", c.Name, param.Name, err)
		}
		rng := stream(c, param.Name)
		for i := range values {
			values[i] += c.Jitter * rng.NormFloat64()
		}
		l := newLeaf(param.Name, param.Shape(), values)
		l.param, l.constant = param.Value, !param.NeedsGrad()
		l.move(direction{}, 0)
		p.leaves = append(p.leaves, l)
	}
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
func stream(c Case, name string) *rand.Rand {
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

// record puts the computation on a tape.
func (p *program) record(t *autograd.Tape) (in, out []*autograd.Value) {
	for _, l := range p.inputs {
		x := engine.FromSlice(p.backend, p.dtype, l.at, l.shape...)
		if l.constant {
			in = append(in, t.Const(x))
		} else {
			in = append(in, t.Input(x))
		}
	}
	return in, p.forward(t, in)
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
// returns for their number; nil where none arrived.
func (p *program) gradients(weigh func(n int) []float64) (outputs []float64, grads [][]float64, err error) {
	t := autograd.NewTape(p.backend)
	defer t.Close()
	t.Precision = p.precision
	in, out := p.record(t)
	if outputs, err = flatten(out); err != nil {
		return nil, nil, err
	}
	t.Backward(p.project(t, out, weigh(len(outputs))))
	for i, l := range p.leaves {
		v := l.param
		if v == nil {
			v = in[i]
		}
		g, err := l.takeGradient(v)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", p.name, err)
		}
		grads = append(grads, g)
	}
	return outputs, grads, nil
}

// takeGradient returns the gradient that Backward left on a leaf, nil for none, and clears it.
func (l *leaf) takeGradient(v *autograd.Value) ([]float64, error) {
	defer v.ZeroGrad()
	switch {
	case v.Grad() == nil:
		return nil, nil
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
