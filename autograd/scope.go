package autograd

import (
	"slices"

	"mien/engine"
)

// Memory of deep networks: scopes and layers, and the walk back.

// Scope runs fn and then frees every tensor made inside that neither the results nor a backward closure hold. Layers
// wrap themselves in it: training keeps only what gradients need, inference almost nothing. What is cheap to compute again,
// the results of LayerNorm and LinearGELU, is given back as well, until the backward pass comes to an op that reads it.
func (t *Tape) Scope(fn func() []*Value) []*Value {
	temps, cheap := t.temps, t.cheap
	t.temps, t.cheap = nil, nil
	results := fn()
	for _, v := range results {
		if slices.Contains(t.temps, v.data) {
			temps = append(temps, v.data.Retain())
		}
	}
	for _, c := range t.cheap {
		if !slices.ContainsFunc(results, func(v *Value) bool { return v.data.SharesWith(c.data) }) {
			c.data.Discard(c.remake)
		}
	}
	freeAll(t.temps)
	t.temps, t.cheap = temps, cheap
	return results
}

// Layer runs one layer of a deep network: a Scope, or with Recompute a checkpoint that keeps its inputs alone. fn must compute the
// same each time, which random numbers drawn by key do. Results need a gradient only where one can flow to an input or a
// parameter: a layer all of whose inputs and parameters are constant records nothing. On an inference tape the inputs end with the
// layer: nothing may use them afterwards.
func (t *Tape) Layer(in []*Value, fn func(in []*Value) []*Value) []*Value {
	if t.mode == inferring {
		results := t.Scope(func() []*Value { return fn(in) })
		t.giveUp(in, results)
		return results
	}
	if t.mode == tracing || !t.Recompute {
		return t.Scope(func() []*Value { return fn(in) })
	}
	t.mode = tracing
	results := t.Scope(func() []*Value { return fn(in) })
	t.mode = recording
	var made []*Value // an input that is passed on gets its gradient without the layer
	for _, v := range results {
		if v.needs && !slices.Contains(in, v) {
			made = append(made, v)
		}
	}
	if len(made) > 0 {
		t.push(node{"Layer", made, tensors(in), func(*engine.Tensor) { t.again(in, fn, made) }})
	}
	return results
}

// giveUp frees what the tape holds of a layer's inputs, unless they are among its results.
func (t *Tape) giveUp(in, results []*Value) {
	for _, x := range in {
		if slices.Contains(results, x) {
			continue
		}
		if i := slices.Index(t.temps, x.data); i >= 0 {
			t.temps = slices.Delete(t.temps, i, i+1)
			x.data.Free()
		}
	}
}

// again runs a layer once more, recording, and lets the gradients of what it made flow through it.
func (t *Tape) again(in []*Value, fn func(in []*Value) []*Value, made []*Value) {
	inner := &Tape{backend: t.backend, Precision: t.Precision}
	defer inner.Close()
	copies := make([]*Value, len(in))
	for i, x := range in {
		copies[i] = inner.Const(x.data.Retain())
		copies[i].needs = x.needs
	}
	results := slices.DeleteFunc(inner.Scope(func() []*Value { return fn(copies) }), func(v *Value) bool {
		return !v.needs || slices.Contains(copies, v)
	})
	for i, v := range results {
		if g := made[i].grad; g != nil {
			v.accumulate("Layer", g.Retain())
			made[i].ZeroGrad()
		}
	}
	inner.run()
	for i, x := range copies {
		if x.grad != nil {
			in[i].accumulate("Layer", x.grad)
			x.grad = nil
		}
	}
}

// Backward computes the gradients of a scalar with respect to every leaf that needs one, and forgets the recorded
// ops, freeing what they held on the way.
func (t *Tape) Backward(loss *Value) {
	if loss.data.Len() != 1 {
		panic(&engine.ShapeError{Op: "Backward", Got: loss.Shape(), Want: "a scalar"})
	}
	seed := engine.New(t.backend, loss.data.DType(), loss.Shape()...)
	t.backend.Fill(seed, 1)
	loss.accumulate("Backward", seed)
	t.run()
}

// run walks the recorded ops backwards. An op that no gradient has reached is passed over.
func (t *Tape) run() {
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		if anyGrad(n.outs) {
			for _, s := range n.saved {
				s.Restore()
			}
			n.backward(n.outs[0].grad)
		}
		n.forget()
		t.nodes[i] = node{}
		t.nodes = t.nodes[:i]
	}
}

func anyGrad(values []*Value) bool {
	return slices.ContainsFunc(values, func(v *Value) bool { return v.grad != nil })
}
