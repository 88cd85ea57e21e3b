package enginetest

import (
	"math"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// lowAttention draws operands that a dtype holds exactly.
func (s *suite) lowAttention(p packed, dtype engine.DType) packed {
	if p.tokens == 0 {
		p = s.sharpAttention()
	} else {
		p.qkv = s.values(3 * p.outLen())
	}
	if dtype == engine.BFloat16 {
		p.qkv = rounded(p.qkv)
	}
	return p
}

// attentionsAt allows rounding to bfloat16, and bounds what it may change.
func (s *suite) attentionsAt(precision engine.Precision, dtype engine.DType, shapes ...packed) {
	var loss deviation
	for _, shape := range shapes {
		p := s.lowAttention(shape, dtype)
		a := s.attentionArgs(p, dtype)
		a.Precision = precision
		out, lse := p.forward()
		s.b.Attention(a)
		loss.add(s, shape, a.Out, out)
		p.allow(s, out, lse)
		s.allowStored(dtype, out)
		s.check(a.Out, out, "output for %d tokens of %d at %v in %v", p.tokens, p.d, precision, dtype)
		s.check(a.LSE, lse, "log-sum-exp for %d tokens of %d at %v in %v", p.tokens, p.d, precision, dtype)
		s.check(a.QKV, exactly(p.qkv), "the projection changed")
	}
	loss.check(s, 2*unit)
}

// attentionsInt8 allows whole numbers of eight bits for queries, keys, values and weights, whose errors go both ways.
func (s *suite) attentionsInt8(shapes ...packed) {
	var loss deviation
	for _, shape := range shapes {
		p := s.lowAttention(shape, engine.Float32)
		a := s.attentionArgs(p, engine.Float32)
		a.Precision = engine.Int8
		out, lse := p.forward()
		s.b.Attention(a)
		loss.add(s, shape, a.Out, out)
		largest := 0.0
		for _, v := range p.qkv {
			largest = max(largest, math.Abs(v))
		}
		for i := range out.size {
			out.size[i] += 0.04 * largest / s.tolerance()
		}
		for i := range lse.size {
			lse.size[i] += 0.04 / s.tolerance()
		}
		s.check(a.Out, out, "output for %d tokens of %d at int8", p.tokens, p.d)
		s.check(a.LSE, lse, "log-sum-exp for %d tokens of %d at int8", p.tokens, p.d)
		s.check(a.QKV, exactly(p.qkv), "the projection changed")
	}
	loss.check(s, 4*unit)
}

// attentionGradsAt is attentionsAt for the backward pass, which gets the forward result of the reference.
func (s *suite) attentionGradsAt(precision engine.Precision, dtype engine.DType, shapes ...packed) {
	var loss deviation
	for _, shape := range shapes {
		p := s.lowAttention(shape, dtype)
		a := s.attentionArgs(p, dtype)
		a.Precision = precision
		out, lse := p.forward()
		engine.Write(a.Out, out.value)
		engine.Write(a.LSE, lse.value)
		dv, outLost := s.values(p.outLen()), make([]float64, p.outLen())
		if dtype == engine.BFloat16 {
			dv = rounded(dv)
			for i, v := range out.value {
				outLost[i] = math.Abs(bf16(v) - v)
			}
		}
		dqkv := s.tensorOf(dtype, repeat(math.NaN(), len(p.qkv)), a.QKV.Shape()...)
		s.b.AttentionBackward(a, engine.AttentionGrads{DOut: s.tensorOf(dtype, dv, a.Out.Shape()...), DQKV: dqkv})
		want := p.backward(dv)
		loss.add(s, shape, dqkv, want)
		p.allowGrads(s, dv, outLost, want)
		s.allowStored(dtype, want)
		s.check(dqkv, want, "gradient for %d tokens of %d at %v in %v", p.tokens, p.d, precision, dtype)
	}
	loss.check(s, 2*unit)
}

// allowStored widens the bounds by what rounding of the results does.
func (s *suite) allowStored(dtype engine.DType, e expected) {
	if dtype == engine.BFloat16 {
		for i, v := range e.value {
			e.size[i] += unit * (e.size[i] + math.Abs(v)/s.tolerance())
		}
	}
}

// deviation collects errors and values.
type deviation struct{ errors, values float64 }

// add leaves out sharp attention, whose gradients are what is left of large numbers.
func (d *deviation) add(s *suite, shape packed, got *engine.Tensor, want expected) {
	if shape.tokens == 0 {
		return
	}
	values, err := engine.Read[float64](got)
	require.NoError(s.T, err)
	for i, v := range want.value {
		d.errors, d.values = d.errors+(v-values[i])*(v-values[i]), d.values+v*v
	}
}

// check bounds the error in the mean: other bounds are for the worst case, and errors go both ways.
func (d *deviation) check(s *suite, limit float64) {
	require.Less(s.T, math.Sqrt(d.errors/d.values), limit, "root mean square of errors")
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

// allowGrads widens the bounds by what rounding of all operands does at worst: those of allow, the gradient of the output, and the
// gradients of logits. outLost is what the output lost, of which δ is computed. A logit that is wrong by δ makes its probability wrong by a
// factor of exp(δ), as the log-sum-exp is given.
func (p packed) allowGrads(s *suite, dout, outLost []float64, grad expected) {
	lost, scale := p.losses(), 1/math.Sqrt(float64(p.d))
	for b := range p.batch {
		for h := range p.heads {
			prob, _, _ := p.probabilities(b, h)
			for i := range p.tokens {
				dp, terms, delta, deltaLost := make([]float64, p.tokens), make([]float64, p.tokens), 0.0, 0.0
				for c := range p.d {
					deltaLost += math.Abs(dout[p.outAt(b, i, h, c)]) * outLost[p.outAt(b, i, h, c)]
				}
				for j := range p.tokens {
					for c := range p.d {
						x := dout[p.outAt(b, i, h, c)] * p.qkv[p.at(b, j, 2, h, c)]
						dp[j], terms[j] = dp[j]+x, terms[j]+math.Abs(x)
					}
					delta += prob[i*p.tokens+j] * dp[j]
				}
				for j := range p.tokens {
					pij := prob[i*p.tokens+j]
					factor := math.Exp(p.logitLoss(lost, b, h, i, j))*(1+unit)*(1+unit) - 1 // of a product with P or dS, and its other operand
					ds := scale * pij * (factor*math.Abs(dp[j]-delta) + (1+factor)*(2.01*unit*terms[j]+deltaLost))
					for c := range p.d {
						q, k, v := p.at(b, i, 0, h, c), p.at(b, j, 1, h, c), p.at(b, j, 2, h, c)
						grad.size[q] += ds * math.Abs(p.qkv[k]) / s.tolerance()
						grad.size[k] += ds * math.Abs(p.qkv[q]) / s.tolerance()
						grad.size[v] += factor * pij * math.Abs(dout[p.outAt(b, i, h, c)]) / s.tolerance()
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
