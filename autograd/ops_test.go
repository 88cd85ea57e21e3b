package autograd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
	"mien/gradcheck"
)

// What every op of the table must do, beyond gradients that are right.

var onCPU = gradcheck.Target{Backend: func() engine.Backend { return cpu.New() }}

// gradientsOf runs a case once, with a changed forward pass.
func gradientsOf(t *testing.T, c gradcheck.Case, change func(gradcheck.Func) gradcheck.Func) []gradcheck.Tensor {
	t.Helper()
	return gradientsOn(t, onCPU, c, change)
}

func gradientsOn(t *testing.T, on gradcheck.Target, c gradcheck.Case, change func(gradcheck.Func) gradcheck.Func) []gradcheck.Tensor {
	t.Helper()
	build := c.New
	c.New = func(b engine.Backend, dtype engine.DType) gradcheck.Module {
		m := build(b, dtype)
		m.Forward = change(m.Forward)
		return m
	}
	grads, err := gradcheck.Gradients(c, on)
	require.NoError(t, err, c.Name)
	return grads
}

// copied is a forward pass on copies of its inputs, which returns copies of its outputs.
func copied(forward gradcheck.Func) gradcheck.Func {
	return func(tape *ag.Tape, in values) values { return copies(forward(tape, copies(in))) }
}

func copies(vs values) values {
	out := make(values, len(vs))
	for i, v := range vs {
		out[i] = ag.Scale(v, 1)
	}
	return out
}

// inLayer is a copied forward pass in a layer, after which what the layer has freed is overwritten.
func inLayer(forward gradcheck.Func, recompute bool) gradcheck.Func {
	return func(tape *ag.Tape, in values) values {
		tape.Recompute = recompute
		out := tape.Layer(in, func(in values) values { return copied(forward)(in[0].Tape(), in) })
		poison(tape.Backend())
		return out
	}
}

// TestOpsInScopes runs every op in a scope that made its inputs, and in layers that are computed again, and overwrites what the scope
// has freed: what a backward closure reads must be saved.
func TestOpsInScopes(t *testing.T) {
	for _, c := range gradcheck.Ops() {
		want := gradientsOf(t, c, copied)
		for name, recompute := range map[string]bool{"scope": false, "recomputed": true} {
			got := gradientsOf(t, c, func(forward gradcheck.Func) gradcheck.Func { return inLayer(forward, recompute) })
			require.Equal(t, want, got, "%s, %s", c.Name, name)
		}
	}
}

// TestEachGradientAlone freezes all operands of an op but one, whose gradient must stay as it was: also in a scope, where less is
// saved for one than for all. A bias beside a frozen weight is summed by another kernel, in another order.
func TestEachGradientAlone(t *testing.T) {
	scoped := func(f gradcheck.Func) gradcheck.Func { return inLayer(f, false) }
	for _, c := range gradcheck.Ops() {
		all := gradientsOf(t, c, copied)[1:]
		for i, in := range c.Inputs {
			if in.NoGrad {
				continue
			}
			alone := c
			alone.Inputs = slices.Clone(c.Inputs)
			for j := range alone.Inputs {
				alone.Inputs[j].NoGrad = j != i
			}
			got := gradientsOf(t, alone, scoped)[1]
			at := slices.IndexFunc(all, func(g gradcheck.Tensor) bool { return g.Name == got.Name })
			if got.Name == "bias" {
				require.InDeltaSlice(t, all[at].Values, got.Values, 1e-5, c.Name)
				continue
			}
			require.Equal(t, all[at], got, c.Name)
		}
	}
}

// TestOpsLeaveSharedGradientsAlone adds to each result of an op a value, which then has the same tensor as its gradient: whatever the op
// makes of that, the value keeps it, and the op's own gradients are those that it has without. A view shares it just as well.
func TestOpsLeaveSharedGradientsAlone(t *testing.T) {
	view := func(x *ag.Value) *ag.Value { return ag.Reshape(x, x.Shape()...) }
	sums := map[string]func(y, beside *ag.Value) *ag.Value{
		"first":      func(y, beside *ag.Value) *ag.Value { return ag.Add(y, beside) },
		"second":     func(y, beside *ag.Value) *ag.Value { return ag.Add(beside, y) },
		"of a view":  func(y, beside *ag.Value) *ag.Value { return ag.Add(view(y), beside) },
		"and a view": func(y, beside *ag.Value) *ag.Value { return ag.Add(y, view(beside)) },
	}
	for _, c := range gradcheck.Ops() {
		inputs, joined := len(c.Inputs), c
		joined.Inputs = slices.Clone(c.Inputs)
		want := gradientsOf(t, c, func(forward gradcheck.Func) gradcheck.Func {
			return func(tape *ag.Tape, in values) values {
				out := copied(forward)(tape, in)
				for i, y := range out {
					joined.Inputs = append(joined.Inputs, gradcheck.Input{Name: fmt.Sprintf("beside %d", i), Shape: y.Shape()})
				}
				return out
			}
		})[1:]
		besides := gradientsOf(t, joined, func(gradcheck.Func) gradcheck.Func {
			return func(_ *ag.Tape, in values) values { return copies(in[inputs:]) }
		})
		for _, g := range besides {
			if strings.HasPrefix(g.Name, "beside ") {
				want = append(want, g)
			}
		}
		for name, sum := range sums {
			got := gradientsOf(t, joined, func(forward gradcheck.Func) gradcheck.Func {
				return func(tape *ag.Tape, in values) values {
					out := forward(tape, copies(in[:inputs]))
					for i, y := range out {
						out[i] = sum(y, in[inputs+i])
					}
					return out
				}
			})[1:]
			require.ElementsMatch(t, want, got, "%s, %s", c.Name, name)
		}
	}
}

// TestOpsOnADeferredBackend requires the bits of the CPU from one that runs its queue later and poisons what was freed, also of ops in a
// scope.
func TestOpsOnADeferredBackend(t *testing.T) {
	scoped := func(f gradcheck.Func) gradcheck.Func { return inLayer(f, false) }
	for _, c := range gradcheck.Ops() {
		want := gradientsOf(t, c, copied)
		for seed, change := range []func(gradcheck.Func) gradcheck.Func{copied, scoped} {
			later := gradcheck.Target{Backend: func() engine.Backend { return enginetest.NewDeferred(cpu.New(), uint64(seed)) }}
			require.Equal(t, want, gradientsOn(t, later, c, change), c.Name)
		}
	}
}
