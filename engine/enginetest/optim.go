package enginetest

import (
	"math"

	"mien/engine"
)

// adam is the state of one parameter tensor, kept in float64.
type adam struct{ p, m, v, size []float64 }

// step is algorithm 2 of Loshchilov & Hutter (2019). The size of a parameter's terms counts every update.
func (a *adam) step(g []float64, args engine.AdamWArgs, i int, scale float64) {
	lr, decay, step := args.LR[i], args.Decay[i], float64(args.Step[i])
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

// testAdamW takes four steps with four tensors, each with its own rate, decay and count of steps, the last two steps with
// scaled gradients.
func testAdamW(s *suite) {
	lengths := []int{1, 7, 33, large}
	args := engine.AdamWArgs{LR: []float64{1e-2, 3e-3, 0, 1e-3}, Decay: []float64{0, 0.1, 0.05, 0.3},
		Step: []int{0, 0, 5, 0}, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	states := make([]adam, len(lengths))
	for i, n := range lengths {
		p, v := s.random(n)
		states[i] = adam{v, make([]float64, n), make([]float64, n), make([]float64, n)}
		args.Params = append(args.Params, p)
		args.M = append(args.M, s.keep(engine.Zeros(s.b, s.dtype, n)))
		args.V = append(args.V, s.keep(engine.Zeros(s.b, s.dtype, n)))
	}
	for round := range 4 {
		scale := 1.0
		if round >= 2 {
			scale = 0.25
			args.GradScale = s.tensor([]float64{scale})
		}
		args.Grads = nil
		for i, n := range lengths {
			g, v := s.random(n)
			args.Grads = append(args.Grads, g)
			args.Step[i]++
			states[i].step(v, args, i, scale)
		}
		s.b.AdamW(args)
		for i, state := range states {
			s.check(args.Params[i], expected{state.p, state.size}, "parameter %d after step %d", i, args.Step[i])
			s.check(args.M[i], nearly(state.m), "first moment %d after step %d", i, args.Step[i])
			s.check(args.V[i], relative(state.v), "second moment %d after step %d", i, args.Step[i])
		}
	}
	s.b.AdamW(engine.AdamWArgs{})
}

// relative wants values to a tolerance relative to themselves, without an absolute one.
func relative(values []float64) expected {
	e := exactly(values)
	for i, v := range values {
		e.size[i] = math.Abs(v)
	}
	return e
}

func testClipScale(s *suite) {
	for _, lengths := range [][]int{{1}, {0, 3}, {7, 1, 4097}, {large, 33}} {
		square := 0.0
		grads := []*engine.Tensor{}
		for _, n := range lengths {
			g, v := s.random(n)
			grads = append(grads, g)
			for _, x := range v {
				square += x * x
			}
		}
		norm := math.Sqrt(square)
		for _, limit := range []float64{norm / 3, norm * 2, 0} {
			scale, got := s.blank(), s.blank()
			s.b.ClipScale(scale, got, grads, limit)
			s.check(got, relative([]float64{norm}), "norm of gradients of lengths %v", lengths)
			s.check(scale, relative([]float64{min(1, limit/(norm+1e-6))}), "scale for a limit of %v", limit)
		}
	}
	zero, scale, norm := s.keep(engine.Zeros(s.b, s.dtype, 5)), s.blank(), s.blank()
	s.b.ClipScale(scale, norm, []*engine.Tensor{zero}, 1)
	s.check(scale, exactly([]float64{1}), "scale of zero gradients")
	s.check(norm, exactly([]float64{0}), "norm of zero gradients")
}
