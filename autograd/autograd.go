// Package autograd is reverse-mode differentiation, define by run. An op computes its result at once and, where an
// operand needs a gradient, leaves a closure on the tape; Backward walks the closures in reverse.
//
// Each op is one file, op_X.go: the forward computation, the derivative as one line of mathematics, and the backward
// closure; an op and its fused forms share a file. Gradients accumulate. The tape runs on one goroutine; parallelism lives
// inside the engine's kernels.
//
// Memory follows from what the closures read. At the end of a [Tape.Scope] all else is freed, and what is cheap to compute
// again is forgotten until the backward pass asks for it. [Tape.Layer] can go further and keep nothing but a layer's input.
//
// The same code runs in float32 for speed and in float64 for gradient checks.
package autograd

import (
	"fmt"

	"mien/engine"
)

// Value is a tensor in a computation. It belongs to the tape that made it, or to none if it is a parameter.
type Value struct {
	data   *engine.Tensor
	grad   *engine.Tensor
	packed *engine.PackedWeight // see Packed
	needs  bool
	tape   *Tape
}

// Param returns a leaf that needs a gradient and outlives tapes. It takes over t's reference.
func Param(t *engine.Tensor) *Value { return &Value{data: t, needs: true} }

// Packed returns the weight of a linear layer in the order in which products read it, for inference: it has a shape, but only
// Linear, GroupedLinear and their fused forms can use it. It takes over w, whose elements have the given dtype unpacked.
func Packed(w *engine.PackedWeight, dtype engine.DType) *Value {
	return &Value{data: engine.Outline(dtype, w.N, w.K), packed: w}
}

// Data returns the value's tensor, on loan.
func (v *Value) Data() *engine.Tensor { return v.data }

// Grad returns the gradient that Backward left on a parameter or input, on loan; nil where none arrived.
func (v *Value) Grad() *engine.Tensor { return v.grad }

// ZeroGrad forgets the gradient, so that none means zero.
func (v *Value) ZeroGrad() {
	v.grad.Free()
	v.grad = nil
}

// NeedsGrad tells whether a gradient flows to v.
func (v *Value) NeedsGrad() bool { return v.needs }

// Tape returns the tape that v belongs to, nil for a parameter.
func (v *Value) Tape() *Tape { return v.tape }

// Shape returns a copy of the extents.
func (v *Value) Shape() []int { return v.data.Shape() }

// Dim returns the extent of axis i; negative i counts from the end.
func (v *Value) Dim(i int) int { return v.data.Dim(i) }

// Tape records the ops of one forward pass and owns the tensors they made, until Close.
type Tape struct {
	// Recompute makes layers forget everything but their input; Backward runs them once more. (Chen et al. 2016)
	Recompute bool

	backend engine.Backend
	records bool
	low     bool // attention may multiply in bfloat16
	nodes   []node
	temps   []*engine.Tensor // made since the enclosing Scope began, to be freed at its end
	cheap   []remakable      // those of them that are cheap to make again
}

// remakable is a result that its op can compute again from what its node saves anyway.
type remakable struct {
	data   *engine.Tensor
	remake func()
}

// node is an op on the tape. It holds a reference to each tensor that its backward closure reads.
type node struct {
	op       string
	out      *Value
	saved    []*engine.Tensor
	backward func(dy *engine.Tensor)
}

// NewTape returns a tape that records for Backward.
func NewTape(b engine.Backend) *Tape { return &Tape{backend: b, records: true} }

// NewInferenceTape returns a tape that records nothing: results never need a gradient. Below full precision attention
// multiplies in bfloat16 where the backend gains time by that (see [engine.AttentionArgs]); the precision of other products
// is that of their packed weights.
func NewInferenceTape(b engine.Backend, p engine.Precision) *Tape {
	return &Tape{backend: b, low: p != engine.Full}
}

// Backend returns the backend on which the tape allocates.
func (t *Tape) Backend() engine.Backend { return t.backend }

// Const brings a tensor into the computation without a gradient. The tape takes over its reference.
func (t *Tape) Const(x *engine.Tensor) *Value {
	t.temps = append(t.temps, x)
	return &Value{data: x, tape: t}
}

// Input brings a tensor into the computation and asks for its gradient. The tape takes over its reference.
func (t *Tape) Input(x *engine.Tensor) *Value {
	v := t.Const(x)
	v.needs = t.records
	return v
}

// Close frees the tensors that the tape made. Parameters and their gradients stay.
func (t *Tape) Close() {
	for _, n := range t.nodes {
		n.out.ZeroGrad()
		freeAll(n.saved)
	}
	freeAll(t.temps)
	t.nodes, t.temps, t.cheap = nil, nil, nil
}

func freeAll(tensors []*engine.Tensor) {
	for _, x := range tensors {
		x.Free()
	}
}

// accumulate adds g, whose reference it takes over, to v's gradient. A gradient that is shared with another value is
// never written in place.
func (v *Value) accumulate(op string, g *engine.Tensor) {
	if !v.needs {
		g.Free()
		return
	}
	if !g.SameShape(v.data) {
		panic(&engine.ShapeError{Op: op + " gradient", Got: g.Shape(), Want: v.Shape()})
	}
	b := g.Backend()
	switch {
	case v.grad == nil:
		v.grad = g
	case !v.grad.Shared():
		b.Axpy(v.grad, 1, g)
		g.Free()
	default:
		sum := engine.New(b, g.DType(), g.Shape()...)
		b.Binary(engine.Add, sum, v.grad, g)
		v.grad.Free()
		g.Free()
		v.grad = sum
	}
}

// accumulateInto lets a kernel that can add write straight into v's gradient.
func (v *Value) accumulateInto(op string, kernel func(dst *engine.Tensor, accumulate bool)) {
	switch {
	case !v.needs:
	case v.grad != nil && !v.grad.Shared():
		kernel(v.grad, true)
	default:
		g := engine.New(v.data.Backend(), v.data.DType(), v.Shape()...)
		kernel(g, false)
		v.accumulate(op, g)
	}
}

// zeroed adapts a kernel that always adds.
func zeroed(kernel func(dst *engine.Tensor)) func(*engine.Tensor, bool) {
	return func(dst *engine.Tensor, accumulate bool) {
		if !accumulate {
			dst.Backend().Fill(dst, 0)
		}
		kernel(dst)
	}
}

// op is what every operation begins with: its name, tape and backend.
type op struct {
	name  string
	tape  *Tape
	be    engine.Backend
	dtype engine.DType
	needs bool
}

// begin finds the tape of the operands and whether the result needs a gradient.
func begin(name string, operands ...*Value) op {
	o := op{name: name, dtype: operands[0].data.DType()}
	for _, v := range operands {
		if v.data.DType() != o.dtype {
			panic(&engine.ShapeError{Op: name, Got: v.data, Want: fmt.Sprintf("dtype %v", o.dtype)})
		}
		if v.tape != nil {
			o.tape = v.tape
		}
		o.needs = o.needs || v.needs
	}
	if o.tape == nil {
		panic(&engine.ShapeError{Op: name, Got: "parameters only", Want: "an operand that belongs to a tape"})
	}
	o.be = o.tape.backend
	o.needs = o.needs && o.tape.records
	return o
}

// new allocates a tensor for the op's result or for a gradient.
func (o op) new(shape ...int) *engine.Tensor { return engine.New(o.be, o.dtype, shape...) }

// temp makes the tape own an auxiliary tensor.
func (o op) temp(t *engine.Tensor) *engine.Tensor {
	o.tape.temps = append(o.tape.temps, t)
	return t
}

// result makes out, whose reference it takes over, a value and records how its gradient flows on. backward borrows
// dy; the tensors it reads otherwise are listed as saved.
func (o op) result(out *engine.Tensor, backward func(dy *engine.Tensor), saved ...*engine.Tensor) *Value {
	v := &Value{data: o.temp(out), tape: o.tape, needs: o.needs}
	o.record(v, backward, saved...)
	return v
}

// record leaves an op on the tape where its result needs a gradient.
func (o op) record(v *Value, backward func(dy *engine.Tensor), saved ...*engine.Tensor) {
	if !o.needs {
		return
	}
	for _, s := range saved {
		s.Retain()
	}
	o.tape.nodes = append(o.tape.nodes, node{o.name, v, saved, backward})
}

// remakable lets the enclosing scope give the result's memory back: remake writes it again from a tensor that the op saves, which
// may itself have to be remade first.
func (o op) remakable(v *Value, from *engine.Tensor, remake func()) *Value {
	if v.needs {
		o.tape.cheap = append(o.tape.cheap, remakable{v.data, func() { from.Restore(); remake() }})
	}
	return v
}
