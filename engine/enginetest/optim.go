package enginetest

import (
	"math"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// adam is the state of one parameter tensor, kept in float64.
type adam struct {
	p, m, v, size []float64
	count         int
}

// step is algorithm 2 of Loshchilov & Hutter (2019). The size of a parameter's terms counts every update.
func (a *adam) step(g []float64, args engine.AdamWArgs, i int, scale float64) {
	a.count++
	lr, decay, step := args.LR[i], args.Decay[i], float64(a.count)
	c1, c2 := 1-math.Pow(args.Beta1, step), 1-math.Pow(args.Beta2, step)
	for i := range a.p {
		x := g[i] * scale
		a.m[i] = args.Beta1*a.m[i] + (1-args.Beta1)*x
		a.v[i] = args.Beta2*a.v[i] + (1-args.Beta2)*x*x
		update := lr * (a.m[i] / c1) / (math.Sqrt(a.v[i]/c2) + args.Eps)
		a.p[i] = a.p[i]*(1-lr*decay) - update
		a.size[i] += math.Abs(a.p[i]) + lr
	}
}

// optimized is a list of parameters under AdamW and their expected values.
type optimized struct {
	*suite
	args   engine.AdamWArgs
	states []adam
	counts []int32 // all of the model's
}

// newOptimized makes four tensors, each with its own rate, decay and count of steps. Two counts belong to parameters that are not in the
// list.
func newOptimized(s *suite) *optimized {
	o := &optimized{suite: s, counts: []int32{0, 11, 5, 0, 13, 2}}
	o.args = engine.AdamWArgs{LR: []float64{1e-2, 3e-3, 0, 1e-3}, Decay: []float64{0, 0.1, 0.05, 0.3}, Index: []int{3, 5, 2, 0},
		Beta1: 0.9, Beta2: 0.99, Eps: 1e-3, Steps: s.ints(o.counts, len(o.counts))}
	for i, n := range []int{1, 7, 33, large} {
		p, v := s.random(n)
		o.states = append(o.states, adam{v, make([]float64, n), make([]float64, n), make([]float64, n), int(o.counts[o.args.Index[i]])})
		o.args.Params = append(o.args.Params, p)
		o.args.M = append(o.args.M, s.keep(engine.Zeros(s.b, s.dtype, n)))
		o.args.V = append(o.args.V, s.keep(engine.Zeros(s.b, s.dtype, n)))
	}
	return o
}

// figures uploads the figures of a step; loss and norm differ from the others, to expose a wrong index.
func (s *suite) figures(scale, ok float64) *engine.Tensor {
	f := make([]float64, engine.FigureCount)
	f[engine.FigureLoss], f[engine.FigureNorm], f[engine.FigureScale], f[engine.FigureOK] = 1, 0.5, scale, ok
	return s.tensor(f, len(f))
}

// step runs AdamW with gradients, and overwrites the caller's slices afterwards.
func (o *optimized) step(grads []*engine.Tensor, figures *engine.Tensor) {
	a := o.args
	a.Grads, a.Figures = grads, figures
	a.LR, a.Decay, a.Index = append([]float64{}, a.LR...), append([]float64{}, a.Decay...), append([]int{}, a.Index...)
	a.Params, a.M, a.V = append([]*engine.Tensor{}, a.Params...), append([]*engine.Tensor{}, a.M...), append([]*engine.Tensor{}, a.V...)
	o.b.AdamW(a)
	clear(a.LR)
	clear(a.Decay)
	clear(a.Index)
	clear(a.Params)
	clear(a.M)
	clear(a.V)
}

// testAdamW takes four steps, the last two with scaled gradients, and then some that are not finite.
func testAdamW(s *suite) {
	o := newOptimized(s)
	for round := range 4 {
		scale := 1.0
		if round >= 2 {
			scale = 0.25
		}
		var grads []*engine.Tensor
		for i := range o.states {
			g, v := s.random(len(o.states[i].p))
			grads = append(grads, g)
			o.states[i].step(v, o.args, i, scale)
			o.counts[o.args.Index[i]]++
		}
		o.step(grads, s.figures(scale, 1))
		for i, state := range o.states {
			s.check(o.args.Params[i], expected{state.p, state.size}, "parameter %d after step %d", i, state.count)
			s.check(o.args.M[i], nearly(state.m), "first moment %d after step %d", i, state.count)
			s.check(o.args.V[i], relative(state.v), "second moment %d after step %d", i, state.count)
		}
		s.checkInts(o.args.Steps, o.counts, "counts of steps")
	}
	o.stops()
	s.b.AdamW(engine.AdamWArgs{})
}

// stops requires that a step whose figures are not finite changes no bit.
func (o *optimized) stops() {
	tensors := append(append(append([]*engine.Tensor{o.args.Steps}, o.args.Params...), o.args.M...), o.args.V...)
	contents := func() (all [][]float64) {
		for _, t := range tensors {
			v, err := engine.Read[float64](t)
			require.NoError(o.T, err)
			all = append(all, v)
		}
		return all
	}
	before := contents()
	for _, fill := range []float64{math.NaN(), math.Inf(1), 1} {
		var grads []*engine.Tensor
		for _, p := range o.args.Params {
			grads = append(grads, o.tensor(repeat(fill, p.Len()), p.Shape()...))
		}
		o.step(grads, o.figures(0.5, 0))
		require.Equal(o.T, before, contents(), "a step that is not finite changes nothing")
	}
}

// relative expects values to a relative tolerance, without an absolute one.
func relative(values []float64) expected {
	e := exactly(values)
	for i, v := range values {
		e.size[i] = math.Abs(v)
	}
	return e
}
