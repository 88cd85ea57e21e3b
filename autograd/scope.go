package autograd

import (
	"slices"

	"mien/engine"
)

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

// Layer runs one layer of a deep network: a Scope, or with Recompute a checkpoint that keeps x alone. fn must compute the same
// each time; random numbers it draws come from a stream that it begins anew. On an inference tape x ends with the layer:
// nothing may use it afterwards.
func (t *Tape) Layer(x *Value, fn func(x *Value) []*Value) []*Value {
	if !t.records {
		results := t.Scope(func() []*Value { return fn(x) })
		t.giveUp(x, results)
		return results
	}
	if !t.Recompute {
		return t.Scope(func() []*Value { return fn(x) })
	}
	t.records = false
	results := t.Scope(func() []*Value { return fn(x) })
	t.records = true
	for _, v := range results {
		v.needs = v.data.DType() != engine.Int32
	}
	o := op{name: "Layer", tape: t, be: t.backend, needs: true}
	o.record(results[0], func(*engine.Tensor) { t.again(x, fn, results) }, x.data)
	return results
}

// giveUp frees what the tape holds of x, unless x is among the results.
func (t *Tape) giveUp(x *Value, results []*Value) {
	if slices.Contains(results, x) {
		return
	}
	if i := slices.Index(t.temps, x.data); i >= 0 {
		t.temps = slices.Delete(t.temps, i, i+1)
		x.data.Free()
	}
}

// again runs a layer once more, recording, and lets the gradients of its results flow through it.
func (t *Tape) again(x *Value, fn func(x *Value) []*Value, results []*Value) {
	inner := NewTape(t.backend)
	defer inner.Close()
	in := inner.Const(x.data.Retain())
	in.needs = x.needs
	for i, v := range inner.Scope(func() []*Value { return fn(in) }) {
		if g := results[i].grad; g != nil {
			v.accumulate("Layer", g.Retain())
		}
	}
	for _, v := range results[1:] {
		v.ZeroGrad()
	}
	inner.run()
	if in.grad != nil {
		x.accumulate("Layer", in.grad)
		in.grad = nil
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

// run walks the recorded ops backwards.
func (t *Tape) run() {
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		if dy := n.out.grad; dy != nil {
			for _, s := range n.saved {
				s.Restore()
			}
			n.backward(dy)
			n.out.ZeroGrad()
		}
		freeAll(n.saved)
		t.nodes[i] = node{}
		t.nodes = t.nodes[:i]
	}
}
