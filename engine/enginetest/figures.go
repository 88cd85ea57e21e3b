package enginetest

import (
	"math"

	"mien/engine"
)

// testStepFigures has norms of many sizes of tensors, and losses and gradients that are not finite.
func testStepFigures(s *suite) {
	for _, lengths := range [][]int{{}, {1}, {0, 3}, {7, 1, 4097}, {large, 33}} {
		grads, norm := s.gradients(lengths)
		for _, limit := range []float64{norm / 3, norm * 2, 0} {
			want := []float64{-2.5, norm, 1, 1}
			if limit > 0 {
				want[engine.FigureScale] = min(1, limit/(norm+1e-6))
			}
			for _, previous := range []*engine.Tensor{nil, s.figures(0.125, 1)} {
				got := s.stepFigures(-2.5, previous, grads, limit)
				s.check(got, relative(want), "figures of gradients of lengths %v with limit %v", lengths, limit)
			}
		}
	}
	tiny := s.stepFigures(0, nil, []*engine.Tensor{s.tensor([]float64{0x3p-20, 0x4p-20}, 2)}, 1e-7) // the 1e-6 beside the norm counts
	s.check(tiny, relative([]float64{0, 0x5p-20, 1e-7 / (0x5p-20 + 1e-6), 1}), "figures of tiny gradients")
	zero := s.keep(engine.Zeros(s.b, s.dtype, 5))
	s.check(s.stepFigures(0, nil, []*engine.Tensor{zero}, 1), exactly([]float64{0, 0, 1, 1}), "figures of zeros")
	s.figuresNotFinite()
}

// gradients draws some, and returns their common norm.
func (s *suite) gradients(lengths []int) (grads []*engine.Tensor, norm float64) {
	for _, n := range lengths {
		g, v := s.random(n)
		grads = append(grads, g)
		for _, x := range v {
			norm += x * x
		}
	}
	return grads, math.Sqrt(norm)
}

func (s *suite) stepFigures(loss float64, previous *engine.Tensor, grads []*engine.Tensor, limit float64) *engine.Tensor {
	list := append([]*engine.Tensor{}, grads...)
	f := s.blank(engine.FigureCount)
	s.b.StepFigures(engine.FiguresArgs{Figures: f, Previous: previous, Loss: s.tensor([]float64{loss}), Grads: list, MaxNorm: limit})
	clear(list)
	return f
}

// figuresNotFinite puts NaN and ∞ in the loss and at both ends of a list of gradients. What was once not finite stays so.
func (s *suite) figuresNotFinite() {
	fine, norm := s.gradients([]int{3, 5000})
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		f := s.stepFigures(bad, nil, fine, 0)
		s.check(f, relative([]float64{bad, norm, 1, 0}), "figures of a loss of %v", bad)
		for range 3 {
			f = s.stepFigures(3, f, fine, norm/2)
			s.check(f, relative([]float64{3, norm, norm / 2 / (norm + 1e-6), 0}), "a step after a loss of %v", bad)
		}
		for _, place := range []int{0, 2, 3, 5002} {
			v := s.values(5003)
			v[place] = bad
			grads := []*engine.Tensor{s.tensor(v[:3], 3), s.tensor(v[3:], 5000)}
			first := s.stepFigures(4, s.figures(1, 1), grads, 0)
			s.check(first, relative([]float64{4, bad * bad, 1, 0}), "figures of a gradient of %v at %d", bad, place)
			second := s.stepFigures(3, first, fine, 0)
			s.check(second, relative([]float64{3, norm, 1, 0}), "a step after a gradient of %v", bad)
		}
	}
}
