package enginetest

import (
	"math"

	"mien/engine"
)

// masked is one masked mean squared error: rows of weight 0 hold NaN in the prediction, which must not matter.
type masked struct {
	rows, n              int
	pred, target, weight []float64
}

// maskedLosses covers masks, fractional weights and an empty mask.
func (s *suite) maskedLosses() []masked {
	cases := []masked{}
	for _, shape := range [][2]int{{1, 1}, {1, 5}, {7, 3}, {65, 33}, {601, 203}} {
		for _, draw := range []func() float64{
			func() float64 { return 1 },
			func() float64 { return float64(s.rng.IntN(2)) },
			func() float64 { return s.round(0.1 * s.rng.Float64()) },
			func() float64 { return 0 },
		} {
			m := masked{rows: shape[0], n: shape[1]}
			m.pred, m.target = s.values(m.rows*m.n), s.values(m.rows*m.n)
			for r := range m.rows {
				m.weight = append(m.weight, draw())
				if m.weight[r] == 0 {
					m.pred[r*m.n] = math.NaN()
				}
			}
			cases = append(cases, m)
		}
	}
	return cases
}

// total is the sum of the weights, or 1 where there are none: the loss is 0 then.
func (m masked) total() float64 {
	total := 0.0
	for _, w := range m.weight {
		total += w
	}
	if total == 0 {
		return 1
	}
	return total
}

func (s *suite) maskedTensors(m masked) (pred, target, weight *engine.Tensor) {
	return s.tensor(m.pred, m.rows, m.n), s.tensor(m.target, m.rows, m.n), s.tensor(m.weight, m.rows)
}

func testMaskedMSE(s *suite) {
	for _, m := range s.maskedLosses() {
		want, total := sums(1), m.total()
		for i := range m.pred {
			if w := m.weight[i/m.n]; w != 0 {
				d := m.pred[i] - m.target[i]
				want.add(0, w*d*d/float64(m.n)/total)
			}
		}
		pred, target, weight := s.maskedTensors(m)
		loss := s.blank()
		s.b.MaskedMSE(loss, pred, target, weight)
		s.check(loss, want, "loss of [%d, %d] with weights %v", m.rows, m.n, m.weight[:min(m.rows, 8)])
	}
}

func testMaskedMSEBackward(s *suite) {
	const up = 0.75
	for _, m := range s.maskedLosses() {
		want, total := sums(len(m.pred)), m.total()
		for i := range m.pred {
			if w := m.weight[i/m.n]; w != 0 {
				scale := 2 * up * w / float64(m.n) / total
				want.add(i, scale*m.pred[i])
				want.add(i, -scale*m.target[i])
			}
		}
		pred, target, weight := s.maskedTensors(m)
		dpred := s.blank(m.rows, m.n)
		s.b.MaskedMSEBackward(dpred, pred, target, weight, s.tensor([]float64{up}))
		s.check(dpred, want, "gradient of [%d, %d] with weights %v", m.rows, m.n, m.weight[:min(m.rows, 8)])
	}
}
