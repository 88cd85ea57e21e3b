package autograd

import (
	"slices"

	"mien/engine"
)

// Memory of deep networks (scopes, layers and their recomputation), and the backward pass.

// Scope runs fn and then frees every tensor made inside that neither the results nor a backward closure hold. Layers
// run in one: training keeps only what gradients need, inference almost nothing. Results that are cheap to compute, those of
// LayerNorm and LinearGELU, are freed as well, and rematerialised when the backward pass reaches an op that reads them.
func (t *Tape) Scope(fn func() []*Value) []*Value {
	from, remats := t.from, t.remats
	t.from, t.remats = len(t.temps), nil
	results := fn()
	var kept []*engine.Tensor
	for _, v := range results {
		if t.madeInScope(v) {
			kept = append(kept, v.data.Retain())
		}
	}
	for _, c := range t.remats {
		if !slices.ContainsFunc(results, func(v *Value) bool { return v.data.SharesWith(c.data) }) {
			c.data.Discard(c.compute)
		}
	}
	freeAll(t.temps[t.from:])
	t.temps = slices.Replace(t.temps, t.from, len(t.temps), kept...)
	t.from, t.remats = from, remats
	return results
}

// madeInScope tells whether v was made since the enclosing Scope began.
func (t *Tape) madeInScope(v *Value) bool { return slices.Contains(t.temps[t.from:], v.data) }

// Layer runs one layer of a deep network: a Scope, or with Recompute a checkpoint that keeps only its inputs. fn must compute the
// same each time, as it does with random numbers drawn by key. It may capture what lives until Backward: parameters, or
// values made outside of any Scope. Results need a gradient only where one can flow to an input or a parameter: a layer all of whose
// inputs and parameters are constant records nothing. The tape gives up the inputs, which live on only where closures read them:
// nothing else may use them afterwards.
func (t *Tape) Layer(in []*Value, fn func(in []*Value) []*Value) []*Value {
	if t.mode != recording || !t.Recompute {
		results := t.Scope(func() []*Value { return fn(in) })
		t.giveUp(in, results)
		return results
	}
	t.mode = tracing
	results, made := t.traced(in, fn)
	t.mode = recording
	if len(made) > 0 {
		t.push(node{"Layer", made, tensors(in), func(*engine.Tensor) { t.again(in, fn, made) }})
	}
	t.giveUp(in, results)
	return results
}

// traced runs a layer and returns its results and, as made, those results that it computed and that need a gradient. An input that is
// passed on as a result gets its gradient without the layer.
func (t *Tape) traced(in []*Value, fn func(in []*Value) []*Value) (results, made []*Value) {
	results = t.Scope(func() []*Value {
		results := fn(in)
		for _, v := range results {
			if v.needs && t.madeInScope(v) {
				made = append(made, v)
			}
		}
		return results
	})
	return results, made
}

// giveUp frees what the tape holds of a layer's inputs, unless they are among its results.
func (t *Tape) giveUp(in, results []*Value) {
	for _, x := range in {
		if i := slices.Index(t.temps[t.from:], x.data); i >= 0 && !slices.Contains(results, x) {
			t.temps = slices.Delete(t.temps, t.from+i, t.from+i+1)
			x.data.Free()
		}
	}
}

// again recomputes a layer, recording at the end of the tape, and propagates the gradients of its results through it.
func (t *Tape) again(in []*Value, fn func(in []*Value) []*Value, made []*Value) {
	nodes, temps, recompute := len(t.nodes), len(t.temps), t.Recompute
	t.Recompute = false // a nested layer is not recomputed a third time
	copies := make([]*Value, len(in))
	for i, x := range in {
		copies[i] = t.Const(x.data.Retain())
		copies[i].needs = x.needs
	}
	_, remade := t.traced(copies, fn)
	for i, v := range remade {
		if g := made[i].grad; g != nil {
			v.accumulate("Layer", g.Retain())
			made[i].ZeroGrad()
		}
	}
	t.run(nodes)
	for i, x := range copies {
		if x.grad != nil {
			in[i].accumulate("Layer", x.grad)
			x.grad = nil
		}
	}
	freeAll(t.temps[temps:])
	t.temps = slices.Delete(t.temps, temps, len(t.temps))
	t.Recompute = recompute
}

// Backward computes the gradients of a scalar with respect to every leaf that needs one, and removes the recorded
// ops from the tape, freeing what they held on the way.
func (t *Tape) Backward(loss *Value) {
	if loss.data.Len() != 1 {
		panic(&engine.ShapeError{Op: "Backward", Got: loss.Shape(), Want: "a scalar"})
	}
	seed := engine.New(t.backend, loss.data.DType(), loss.Shape()...)
	t.backend.Fill(seed, 1)
	loss.accumulate("Backward", seed)
	t.run(0)
}

// run walks the recorded ops backwards, down to position first. Ops that no gradient has reached are skipped.
func (t *Tape) run(first int) {
	for i := len(t.nodes) - 1; i >= first; i-- {
		n := t.nodes[i]
		if anyGrad(n.outs) {
			for _, s := range n.saved {
				s.Restore()
			}
			n.backward(n.outs[0].grad)
		}
		n.forget()
		t.nodes = slices.Delete(t.nodes, i, i+1)
	}
}

func anyGrad(values []*Value) bool {
	return slices.ContainsFunc(values, func(v *Value) bool { return v.grad != nil })
}
