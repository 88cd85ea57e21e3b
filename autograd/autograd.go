// Package autograd is reverse-mode differentiation, define by run. An op computes its result at once and, where an
// operand needs a gradient, leaves a closure on the tape; Backward walks the closures in reverse.
//
// Each op is one file, op_X.go: the forward computation, the derivative as one line of mathematics, and the backward
// closure; an op and its fused forms share a file. Gradients accumulate. The tape runs on one goroutine; parallelism lives
// inside the engine's kernels. Nothing here synchronises with the backend.
//
// Training keeps only what the closures read. The end of a [Tape.Scope] frees all else, and results that are cheap to compute are
// discarded and rematerialised in the backward pass. [Tape.Layer] can go further and checkpoint only a layer's inputs.
//
// The same code runs in float32 for speed and in float64 for gradient checks. This file has values and the tape; go on with
// op_mul.go, the simplest op, then op_linear.go, scope.go, and package gradcheck, which checks them all.
package autograd

import (
	"fmt"
	"slices"

	"mien/engine"
)

// Value is a tensor in a computation. It belongs to the tape that made it, or to none if it is a parameter or a constant.
type Value struct {
	data   *engine.Tensor
	grad   *engine.Tensor
	packed *engine.PackedWeight // see Packed
	weight bool                 // products with it run at the tape's precision
	needs  bool
	tape   *Tape

	// For a recorded value GELU(z): how many ops read it, and whether grad is the gradient of z instead, which the only reader's
	// product has computed at once.
	z       *engine.Tensor
	readers int
	gradOfZ bool
}

// Param returns a leaf that needs a gradient and outlives tapes. It takes over t's reference.
func Param(t *engine.Tensor) *Value { return &Value{data: t, needs: true} }

// Weight returns a parameter with which products run at the precision of the tape.
func Weight(t *engine.Tensor) *Value { return &Value{data: t, needs: true, weight: true} }

// Constant returns a leaf without a gradient that outlives tapes. It takes over t's reference.
func Constant(t *engine.Tensor) *Value { return &Value{data: t} }

// Packed returns the weight of a linear layer in the order in which products read it, for inference: it has a shape, but only
// Linear, GroupedLinear and their fused forms can use it. It takes over w, whose elements have the given dtype unpacked.
func Packed(w *engine.PackedWeight, dtype engine.DType) *Value {
	return &Value{data: engine.Outline(dtype, w.N, w.K), packed: w}
}

// Freeze makes a parameter a constant: no gradient is computed for it, and no activation is kept for one.
func (v *Value) Freeze() { v.needs = false }

// Free releases the memory of a leaf: a constant, or a parameter with its gradient and packed form.
func (v *Value) Free() {
	v.ZeroGrad()
	v.packed.Free()
	v.data.Free()
}

// Data returns the value's tensor, on loan.
func (v *Value) Data() *engine.Tensor { return v.data }

// Grad returns the gradient that Backward left on a parameter or input, on loan; nil if there is none.
func (v *Value) Grad() *engine.Tensor { return v.grad }

// ZeroGrad drops the gradient; a missing gradient counts as zero.
func (v *Value) ZeroGrad() {
	v.grad.Free()
	v.grad, v.gradOfZ = nil, false
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
	// Recompute makes each layer a checkpoint: only its inputs are kept, and Backward runs it again. (Chen et al. 2016)
	Recompute bool
	// Precision is that of products with weights and of attention, and of activations that only these read (Rounded). Products with packed
	// weights use the weight's own.
	Precision engine.Precision
	// Attended, if not nil, receives the probabilities [batch, heads, queries, tokens] of each attention in turn: for figures, as the
	// fused op has them nowhere. They are on loan.
	Attended func(probabilities *Value)

	backend engine.Backend
	mode    mode
	nodes   []node
	temps   []*engine.Tensor // to be freed by Close, and from position from on at the end of the enclosing Scope
	from    int
	remats  []remat // made in the Scope, and cheap to rematerialise
}

// mode says what a tape does with an op whose result needs a gradient.
type mode uint8

const (
	recording mode = iota
	tracing        // marks results but keeps nothing: a layer that will be recomputed
	inferring      // records nothing: no result needs a gradient
)

// remat is a result that its op can rematerialise from tensors that its node saves anyway.
type remat struct {
	data    *engine.Tensor
	compute func()
}

// node is an op on the tape. It holds a reference to each tensor that its backward closure reads.
type node struct {
	op       string
	outs     []*Value // their gradients go to backward: the first as dy, others it reads itself
	saved    []*engine.Tensor
	backward func(dy *engine.Tensor)
}

// NewTape returns a tape that records for Backward.
func NewTape(b engine.Backend) *Tape { return &Tape{backend: b} }

// NewInferenceTape returns a tape that records nothing: results never need a gradient. Below full precision, attention
// multiplies in bfloat16 or int8 if that is faster on the backend (see [engine.AttentionArgs]).
func NewInferenceTape(b engine.Backend, p engine.Precision) *Tape {
	return &Tape{backend: b, Precision: p, mode: inferring}
}

// Backend returns the backend on which the tape allocates.
func (t *Tape) Backend() engine.Backend { return t.backend }

// Const brings a tensor into the computation without a gradient. The tape takes over its reference.
func (t *Tape) Const(x *engine.Tensor) *Value {
	t.temps = append(t.temps, x)
	return &Value{data: x, tape: t}
}

// Input brings a tensor into the computation as a leaf that needs a gradient. The tape takes over its reference.
func (t *Tape) Input(x *engine.Tensor) *Value {
	v := t.Const(x)
	v.needs = t.mode != inferring
	return v
}

// Use brings a parameter or a constant into the computation, for ops that have no operand of the tape beside it.
//
// dleaf = dy
func (t *Tape) Use(leaf *Value) *Value {
	if leaf.tape != nil || leaf.packed != nil {
		panic(&engine.ShapeError{Op: "Use", Got: "a value of a tape, or a packed weight", Want: "a parameter or a constant"})
	}
	o := op{name: "Use", tape: t, dtype: leaf.data.DType(), needs: leaf.needs}.ready()
	return o.result(leaf.data.Retain(), func(dy *engine.Tensor) { leaf.accumulate("Use", dy.Retain()) })
}

// Close frees the tensors that the tape made. Parameters and their gradients stay.
func (t *Tape) Close() {
	for _, n := range t.nodes {
		n.forget()
	}
	freeAll(t.temps)
	t.nodes, t.temps, t.remats = nil, nil, nil
}

// forget frees what a node holds.
func (n *node) forget() {
	for _, v := range n.outs {
		v.ZeroGrad()
	}
	freeAll(n.saved)
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
	if !g.SameShape(v.data) || g.DType() != v.data.DType() {
		panic(&engine.ShapeError{Op: op + " gradient", Got: g, Want: v.data})
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

// accumulateInto lets a kernel that can accumulate write straight into v's gradient.
func (v *Value) accumulateInto(op string, kernel func(dst *engine.Tensor, accumulate bool)) {
	switch {
	case !v.needs:
	case v.grad != nil && !v.grad.Shared():
		kernel(v.grad, true)
	default:
		v.accumulateNew(op, func(g *engine.Tensor) { kernel(g, false) })
	}
}

// accumulateNew is for a kernel that cannot accumulate: it writes a new tensor, which is added to v's gradient.
func (v *Value) accumulateNew(op string, kernel func(g *engine.Tensor)) {
	g := engine.New(v.data.Backend(), v.data.DType(), v.Shape()...)
	kernel(g)
	v.accumulate(op, g)
}

// op holds what every operation needs: its name, tape and backend.
type op struct {
	name  string
	tape  *Tape
	be    engine.Backend
	dtype engine.DType // of the first operand
	needs bool         // a gradient flows to the result
}

// records tells whether the op leaves a closure on the tape, with the tensors it saves.
func (o op) records() bool { return o.needs && o.tape.mode == recording }

// begin finds the tape of the operands, which share one dtype, and whether the result needs a gradient. Operands after the first may be
// nil.
func begin(name string, operands ...*Value) op {
	o := op{name: name, dtype: operands[0].data.DType()}
	for _, v := range operands {
		o.take(v, o.dtype)
	}
	return o.ready()
}

// beginProduct is begin for a product of x with parameters, and what is added to it, which are Float32 beside an x of BFloat16.
func beginProduct(name string, x *Value, others ...*Value) op {
	o := op{name: name, dtype: x.data.DType()}
	o.take(x, o.dtype)
	for _, v := range others {
		o.take(v, o.sums())
	}
	return o.ready()
}

// take notes an operand.
func (o *op) take(v *Value, dtype engine.DType) {
	if v == nil {
		return
	}
	if v.data.DType() != dtype {
		panic(&engine.ShapeError{Op: o.name, Got: v.data, Want: fmt.Sprintf("dtype %v", dtype)})
	}
	switch {
	case o.tape == nil:
		o.tape = v.tape
	case v.tape != nil && v.tape != o.tape:
		panic(&engine.ShapeError{Op: o.name, Got: "operands of two tapes", Want: "one, which records the op"})
	}
	o.needs = o.needs || v.needs
	if v.z != nil {
		v.readers++
	}
}

// ready returns the op when all operands are known.
func (o op) ready() op {
	if o.tape == nil {
		panic(&engine.ShapeError{Op: o.name, Got: "parameters only", Want: "an operand that belongs to a tape"})
	}
	o.be = o.tape.backend
	o.needs = o.needs && o.tape.mode != inferring
	return o
}

// sums returns the dtype of sums and statistics beside operands of the op's dtype.
func (o op) sums() engine.DType {
	if o.dtype == engine.BFloat16 {
		return engine.Float32
	}
	return o.dtype
}

// new allocates a tensor for the op's result or for a gradient.
func (o op) new(shape ...int) *engine.Tensor { return engine.New(o.be, o.dtype, shape...) }

// newSums allocates a tensor for sums or statistics.
func (o op) newSums(shape ...int) *engine.Tensor { return engine.New(o.be, o.sums(), shape...) }

// overwritten returns memory for a gradient of dy's shape that is computed from dy element by element: dy itself, of whose op nothing else
// is left to compute, unless another value has the same gradient. The caller frees it.
func (o op) overwritten(dy *engine.Tensor) *engine.Tensor {
	if dy.Shared() {
		return o.new(dy.Shape()...)
	}
	return dy.Retain()
}

// temp makes the tape own an auxiliary tensor.
func (o op) temp(t *engine.Tensor) *engine.Tensor {
	o.tape.temps = append(o.tape.temps, t)
	return t
}

// result makes out, whose reference it takes over, a value and records how its gradient is propagated. backward borrows
// dy; all other tensors that it reads are listed as saved.
func (o op) result(out *engine.Tensor, backward func(dy *engine.Tensor), saved ...*engine.Tensor) *Value {
	v := &Value{data: o.temp(out), tape: o.tape, needs: o.needs}
	if o.records() {
		o.tape.push(node{o.name, []*Value{v}, saved, backward})
	}
	return v
}

func (t *Tape) push(n node) {
	for _, s := range n.saved {
		s.Retain()
	}
	t.nodes = append(t.nodes, n)
}

// savedFor lists tensors if they are needed: an op that computes no gradient for one operand need not keep the other.
func savedFor(wanted bool, tensors ...*engine.Tensor) []*engine.Tensor {
	if !wanted {
		return nil
	}
	return tensors
}

func anyNeeds(values ...*Value) bool {
	return slices.ContainsFunc(values, func(v *Value) bool { return v != nil && v.needs })
}

// rematerialise lets the enclosing scope discard the result: compute writes it again from tensors that the op saves, which may
// themselves have to be rematerialised first.
func (o op) rematerialise(v *Value, compute func(), from ...*engine.Tensor) *Value {
	if o.records() {
		o.tape.remats = append(o.tape.remats, remat{v.data, func() {
			for _, x := range from {
				x.Restore()
			}
			compute()
		}})
	}
	return v
}
