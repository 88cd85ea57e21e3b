package enginetest

import (
	"math"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// attentionsAt allows rounding to bfloat16, and bounds what it may change.
func (s *suite) attentionsAt(precision engine.Precision, shapes ...packed) {
	squares, total := 0.0, 0.0
	for _, p := range shapes {
		if p.qkv == nil {
			p.qkv = s.values(3 * p.outLen())
		}
		a := s.attentionArgs(p)
		a.Precision = precision
		out, lse := p.forward()
		s.b.Attention(a)
		got, err := engine.Read[float64](a.Out)
		require.NoError(s.T, err)
		for i, v := range out.value {
			squares, total = squares+(v-got[i])*(v-got[i]), total+v*v
		}
		p.allow(s, out, lse)
		s.check(a.Out, out, "output for %d tokens of %d at %v", p.tokens, p.d, precision)
		s.check(a.LSE, lse, "log-sum-exp for %d tokens of %d at %v", p.tokens, p.d, precision)
		s.check(a.QKV, exactly(p.qkv), "the projection changed")
	}
	require.Less(s.T, math.Sqrt(squares/total), 2*unit, "the bounds are for the worst case; errors go both ways")
}

// allow widens the bounds by what rounding of queries, keys, values and probabilities does at worst. Where the logits of a row are wrong by
// at most δ, its probabilities are by a factor of at most exp(2δ), in addition to the rounding of the probability, of the sum of all
// and of the value.
func (p packed) allow(s *suite, out, lse expected) {
	lost := p.losses()
	for b := range p.batch {
		for h := range p.heads {
			prob, _, _ := p.probabilities(b, h)
			for i := range p.tokens {
				delta := 0.0
				for j := range p.tokens {
					delta = max(delta, p.logitLoss(lost, b, h, i, j))
				}
				factor := math.Exp(2*delta)*(1+unit)*(1+unit)/(1-unit) - 1
				lse.size[(b*p.heads+h)*p.tokens+i] += (delta + 2*unit) / s.tolerance()
				for j := range p.tokens {
					for c := range p.d {
						v := math.Abs(p.qkv[p.at(b, j, 2, h, c)])
						out.size[p.outAt(b, i, h, c)] += factor * prob[i*p.tokens+j] * v / s.tolerance()
					}
				}
			}
		}
	}
}

// losses returns by how much rounding of each number, or of each divided by √d, changes it.
func (p packed) losses() []float64 {
	lost, root := make([]float64, len(p.qkv)), math.Sqrt(float64(p.d))
	for i, v := range p.qkv {
		lost[i] = max(math.Abs(bf16(v)-v), math.Abs(bf16(v/root)*root-v))
	}
	return lost
}

// logitLoss bounds the error of the logit of query i and key j.
func (p packed) logitLoss(lost []float64, b, h, i, j int) (sum float64) {
	for c := range p.d {
		q, k := p.at(b, i, 0, h, c), p.at(b, j, 1, h, c)
		sum += math.Abs(p.qkv[q])*lost[k] + math.Abs(p.qkv[k])*lost[q] + lost[q]*lost[k]
	}
	return sum / math.Sqrt(float64(p.d))
}
