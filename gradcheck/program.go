package gradcheck

import (
	"cmp"
	"errors"
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
	on       Target
	backend  engine.Backend
	forward  Func
	leaves   []*leaf // inputs, then parameters
	learning []*leaf // those that are not constant
	size     int     // of the outputs, known after the first pass
}

// leaf is an input or a parameter.
type leaf struct {
	Tensor                   // where the case is checked
	at       []float64       // where it is now
	param    *autograd.Value // nil for an input
	constant bool

	analytic    [][]float64 // what Backward says, for each projection
	size, floor float64     // see checker.measure
}

// failure is a panic with an error of the world, which run returns.
type failure struct{ error }

// run builds a case on a backend that it makes and closes, and calls fn. Its errors begin with the name of the case. A failure inside,
// and a panic about shapes or memory, is such an error.
func run(c Case, on Target, fn func(p *program) error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = p.error
		case *engine.ShapeError, *engine.AllocError:
			err = p.(error)
		default:
			panic(p)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", c.Name, err)
		}
	}()
	if on.Backend == nil {
		return errors.New("no backend to compute on: set Backend, for example to a function that returns cpu.New()")
	}
	b := on.Backend()
	on.DType = cmp.Or(on.DType, engine.Float32)
	defer func() { err = cmp.Or(err, b.Close()) }()
	if on.Precision != engine.Full && on.DType != engine.Float32 {
		return fmt.Errorf("%v products of %v tensors: only float32 has a precision", on.Precision, on.DType)
	}
	if err := b.Supports(on.Precision, true); err != nil {
		return err
	}
	return fn(build(c, on, b))
}

// build makes the module and draws what the case leaves open.
func build(c Case, on Target, b engine.Backend) *program {
	m := c.New(b, on.DType)
	p := &program{Case: c, on: on, backend: b, forward: m.Forward}
	for i, in := range c.Inputs {
		name := cmp.Or(in.Name, fmt.Sprintf("input %d", i))
		values := slices.Clone(in.Values)
		if values == nil {
			values = in.draw(c.stream(name))
		}
		if len(values) != engine.Elements(in.Shape) {
			panic(failure{fmt.Errorf("%s has %d values for shape %v", name, len(values), in.Shape)})
		}
		p.add(&leaf{Tensor: Tensor{name, slices.Clone(in.Shape), values}, constant: in.NoGrad})
	}
	for _, param := range m.Params {
		values, rng := read(param.Data()), c.stream(param.Name)
		for i := range values {
			values[i] += c.Jitter * rng.NormFloat64()
		}
		p.add(&leaf{Tensor: Tensor{param.Name, param.Shape(), values}, param: param.Value, constant: !param.NeedsGrad()})
	}
	return p
}

// add rounds the values of a leaf to float32, so that every dtype starts at the same point.
func (p *program) add(l *leaf) {
	for i, v := range l.Values {
		l.Values[i] = float64(float32(v))
	}
	l.move(direction{}, 0)
	p.leaves = append(p.leaves, l)
	if !l.constant {
		p.learning = append(p.learning, l)
	}
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
	l.at = append(l.at[:0], l.Values...)
	d.addTo(l.at, step)
	if l.param != nil {
		engine.Write(l.param.Data(), l.at)
	}
}

// record puts the computation on a tape and returns the values of all leaves, and the outputs.
func (p *program) record(t *autograd.Tape) (values, out []*autograd.Value) {
	for _, l := range p.leaves {
		switch {
		case l.param != nil:
			values = append(values, l.param)
		case l.constant:
			values = append(values, t.Const(engine.FromSlice(p.backend, p.on.DType, l.at, l.Shape...)))
		default:
			values = append(values, t.Input(engine.FromSlice(p.backend, p.on.DType, l.at, l.Shape...)))
		}
	}
	return values, p.forward(t, slices.Clone(values[:len(p.Inputs)]))
}

// outputs runs the forward pass, recording nothing, and returns all outputs, one after the other.
func (p *program) outputs() []float64 {
	t := autograd.NewInferenceTape(p.backend, engine.Full)
	defer t.Close()
	_, out := p.record(t)
	return p.flatten(out)
}

func (p *program) flatten(out []*autograd.Value) (flat []float64) {
	for _, v := range out {
		flat = append(flat, read(v.Data())...)
	}
	if p.size = cmp.Or(p.size, len(flat)); p.size != len(flat) {
		panic(&engine.ShapeError{Op: "outputs of two passes", Got: len(flat), Want: p.size})
	}
	return flat
}

func read(t *engine.Tensor) []float64 {
	values, err := engine.Read[float64](t)
	if err != nil {
		panic(failure{err})
	}
	return values
}

// gradients runs both passes and returns the outputs, and for every leaf that is not constant the gradient of scale times their
// projection on the direction that project returns for their number.
func (p *program) gradients(scale float64, project func(n int) direction) []Tensor {
	t := autograd.NewTape(p.backend)
	defer t.Close()
	t.Precision = p.on.Precision
	values, out := p.record(t)
	outputs := p.flatten(out)
	weights, total := make([]float64, len(outputs)), t.Const(engine.Zeros(p.backend, p.on.DType))
	project(len(outputs)).addTo(weights, scale)
	for _, v := range out {
		n := v.Data().Len()
		weight := t.Const(engine.FromSlice(p.backend, p.on.DType, weights[:n], v.Shape()...))
		total = autograd.Add(total, autograd.Sum(autograd.Mul(v, weight)))
		weights = weights[n:]
	}
	t.Backward(total)
	tensors := []Tensor{{"outputs", []int{len(outputs)}, outputs}}
	for i, l := range p.leaves {
		if g := l.takeGradient(values[i]); !l.constant {
			tensors = append(tensors, Tensor{l.Name, l.Shape, g})
		}
	}
	return tensors
}

// takeGradient returns the gradient that Backward left on a leaf, zeros for none, and clears it.
func (l *leaf) takeGradient(v *autograd.Value) []float64 {
	defer v.ZeroGrad()
	switch {
	case v.Grad() == nil:
		return make([]float64, len(l.Values))
	case l.constant:
		panic(failure{fmt.Errorf("%s has a gradient, but is constant", l.Name)})
	}
	return read(v.Grad())
}
