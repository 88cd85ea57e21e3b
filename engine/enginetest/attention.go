package enginetest

import (
	"math"

	"mien/engine"
)

// tiny is a probability that counts as 0.
const tiny = 1e-20

// packed is self-attention on float64 slices, laid out as AttentionArgs says.
type packed struct {
	batch, tokens, heads, d int
	qkv                     []float64
}

// at returns where element c of a token's query (0), key (1) or value (2) is.
func (p packed) at(b, token, part, head, c int) int {
	return (((b*p.tokens+token)*3+part)*p.heads+head)*p.d + c
}

func (p packed) outAt(b, token, head, c int) int { return ((b*p.tokens+token)*p.heads+head)*p.d + c }
func (p packed) outLen() int                     { return p.batch * p.tokens * p.heads * p.d }

// dot is the product of a row of the packed projection with row u of another part.
func (p packed) dot(b, head, t, part, u, other int) (sum, size float64) {
	for c := range p.d {
		x := p.qkv[p.at(b, t, part, head, c)] * p.qkv[p.at(b, u, other, head, c)]
		sum, size = sum+x, size+math.Abs(x)
	}
	return sum, size
}

// probabilities returns softmax(Q·Kᵀ/√d) of one head, its log-sum-exp and the largest size of a logit's terms.
func (p packed) probabilities(b, head int) (prob, lse []float64, size float64) {
	logits := make([]float64, p.tokens*p.tokens)
	scale := 1 / math.Sqrt(float64(p.d))
	for i := range p.tokens {
		for j := range p.tokens {
			v, terms := p.dot(b, head, i, 0, j, 1)
			logits[i*p.tokens+j] = v * scale
			size = max(size, terms*scale)
		}
	}
	prob, lse = softmaxOf(logits, p.tokens)
	return prob, lse, size
}

// forward returns the wanted output and log-sum-exp.
func (p packed) forward() (out, lse expected) {
	out, lse = sums(p.outLen()), sums(p.batch*p.heads*p.tokens)
	for b := range p.batch {
		for h := range p.heads {
			prob, sum, size := p.probabilities(b, h)
			for i := range p.tokens {
				lse.addSized((b*p.heads+h)*p.tokens+i, sum[i], 1+size)
				for j := range p.tokens {
					for c := range p.d {
						v, pij := p.qkv[p.at(b, j, 2, h, c)], prob[i*p.tokens+j]
						out.addSized(p.outAt(b, i, h, c), pij*v, (pij+tiny)*math.Abs(v))
					}
				}
			}
		}
	}
	return out, lse
}

// backward returns the wanted gradient of the packed projection: with P the probabilities, dP_ij = dO_i·V_j and
// δ_i = Σ_j P_ij·dP_ij,
//
//	dV_j = Σ_i P_ij·dO_i   dS_ij = P_ij·(dP_ij − δ_i)   dQ_i = Σ_j dS_ij·K_j/√d   dK_j = Σ_i dS_ij·Q_i/√d
func (p packed) backward(dout []float64) expected {
	grad := sums(len(p.qkv))
	scale := 1 / math.Sqrt(float64(p.d))
	dp, terms := make([]float64, p.tokens), make([]float64, p.tokens)
	for b := range p.batch {
		for h := range p.heads {
			prob, _, logit := p.probabilities(b, h)
			lost := 1 + logit/100 // exp(S − LSE) turns the rounding of large logits into relative errors
			for i := range p.tokens {
				delta, deltaTerms := 0.0, 0.0
				for j := range p.tokens {
					dp[j], terms[j] = 0, 0
					pij := prob[i*p.tokens+j]
					for c := range p.d {
						do := dout[p.outAt(b, i, h, c)]
						x := do * p.qkv[p.at(b, j, 2, h, c)]
						dp[j], terms[j] = dp[j]+x, terms[j]+math.Abs(x)
						grad.addSized(p.at(b, j, 2, h, c), pij*do, (pij+tiny)*math.Abs(do)*lost)
					}
					delta, deltaTerms = delta+pij*dp[j], deltaTerms+pij*terms[j]
				}
				for j := range p.tokens {
					pij := prob[i*p.tokens+j]
					ds, size := pij*(dp[j]-delta)*scale, (pij+tiny)*(terms[j]+deltaTerms)*scale*lost
					for c := range p.d {
						q, k := p.at(b, i, 0, h, c), p.at(b, j, 1, h, c)
						grad.addSized(q, ds*p.qkv[k], size*math.Abs(p.qkv[k]))
						grad.addSized(k, ds*p.qkv[q], size*math.Abs(p.qkv[q]))
					}
				}
			}
		}
	}
	return grad
}

// attentions are shapes on both sides of common block sizes.
var attentions = []packed{
	{batch: 1, tokens: 1, heads: 1, d: 4},
	{batch: 2, tokens: 1, heads: 2, d: 8},
	{batch: 3, tokens: 7, heads: 2, d: 5},
	{batch: 2, tokens: 7, heads: 3, d: 16},
	{batch: 1, tokens: 128, heads: 2, d: 8},
	{batch: 2, tokens: 129, heads: 2, d: 8},
	{batch: 1, tokens: 300, heads: 3, d: 7},
	{batch: 5, tokens: 50, heads: 3, d: 64},
	{batch: 1, tokens: 70, heads: 2, d: 132},
	{batch: 2, tokens: 33, heads: 1, d: 66},
}

// lowAttentions are those to try at low precision. The last one gets logits in the thousands.
var lowAttentions = []packed{
	{batch: 1, tokens: 267, heads: 1, d: 64},
	{batch: 2, tokens: 50, heads: 3, d: 64},
	{batch: 3, tokens: 7, heads: 2, d: 5},
	{batch: 2, tokens: 129, heads: 2, d: 8},
	{batch: 2, tokens: 33, heads: 1, d: 66},
	{},
}

// attentionArgs makes tensors of a dtype, but for the log-sum-exp.
func (s *suite) attentionArgs(p packed, dtype engine.DType) engine.AttentionArgs {
	return engine.AttentionArgs{
		QKV:   s.tensorOf(dtype, p.qkv, p.batch, p.tokens, 3, p.heads, p.d),
		Out:   s.tensorOf(dtype, repeat(math.NaN(), p.outLen()), p.batch, p.tokens, p.heads, p.d),
		LSE:   s.blank(p.batch, p.heads, p.tokens),
		Batch: p.batch, Tokens: p.tokens, Heads: p.heads, HeadDim: p.d,
	}
}

func testAttention(s *suite) {
	for _, p := range attentions {
		p.qkv = s.values(3 * p.outLen())
		s.attention(p)
	}
	s.attention(s.sharpAttention())
	if s.supports(engine.BF16, false) {
		s.attentionsAt(engine.BF16, engine.Float32, lowAttentions...)
		s.attentionsInt8(lowAttentions[:5]...)
	}
	if s.narrow() {
		s.attentionsAt(engine.BF16, engine.BFloat16, lowAttentions...)
		s.attentionsAt(engine.Int8, engine.BFloat16, packed{batch: 2, tokens: 65, heads: 3, d: 17}) // which means BF16
		a := s.attentionArgs(packed{batch: 1, tokens: 4, heads: 1, d: 4, qkv: make([]float64, 48)}, engine.BFloat16)
		s.refuses("Attention of bfloat16 at f32", func() { s.b.Attention(a) })
		a.Precision, a.LSE = engine.BF16, s.of(engine.BFloat16, 1, 1, 4)
		s.refuses("Attention with a log-sum-exp in bfloat16", func() { s.b.Attention(a) })
	}
}

// sharpAttention has logits in the thousands, where exp overflows unless the row's maximum is subtracted. Its queries and
// keys are multiples of 16, so that the logits are exact in float32.
func (s *suite) sharpAttention() packed {
	p := packed{batch: 1, tokens: 33, heads: 2, d: 4}
	p.qkv = s.values(3 * p.outLen())
	for i := range p.qkv {
		if i/(p.heads*p.d)%3 < 2 {
			p.qkv[i] = 16 * math.Round(p.qkv[i])
		}
	}
	return p
}

func (s *suite) attention(p packed) {
	a := s.attentionArgs(p, s.dtype)
	out, lse := p.forward()
	s.b.Attention(a)
	s.check(a.Out, out, "output for %d tokens of %d", p.tokens, p.d)
	s.check(a.LSE, lse, "log-sum-exp for %d tokens of %d", p.tokens, p.d)
	s.check(a.QKV, exactly(p.qkv), "the projection changed")
}

// testAttentionBackward gives the backward pass the forward result of the reference, to test it alone.
func testAttentionBackward(s *suite) {
	for _, p := range attentions {
		p.qkv = s.values(3 * p.outLen())
		s.attentionBackward(p)
	}
	s.attentionBackward(s.sharpAttention())
	if s.supports(engine.BF16, true) {
		s.attentionGradsAt(engine.BF16, engine.Float32, lowAttentions...)
	}
	if s.narrow() {
		s.attentionGradsAt(engine.BF16, engine.BFloat16, lowAttentions...)
	}
}

func (s *suite) attentionBackward(p packed) {
	a := s.attentionArgs(p, s.dtype)
	out, lse := p.forward()
	engine.Write(a.Out, out.value)
	engine.Write(a.LSE, lse.value)
	dout, dv := s.random(a.Out.Shape()...)
	dqkv := s.blank(a.QKV.Shape()...)
	s.b.AttentionBackward(a, engine.AttentionGrads{DOut: dout, DQKV: dqkv})
	s.check(dqkv, p.backward(dv), "gradient for %d tokens of %d", p.tokens, p.d)
}
