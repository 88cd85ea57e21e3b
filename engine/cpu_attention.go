package engine

import (
	"math"

	"mien/asm"
)

// queryBlock rows of logits are in memory at a time: 128 rows of 800 keys fill 400 KiB, less than an L2 cache.
const queryBlock = 128

func (c *CPU) Attention(a AttentionArgs) { pick(a.QKV, attention[float32], attention[float64])(c, a) }

// attention divides the work over batch items and heads. For each block of queries it computes the logits against
// all keys, their softmax and the weighted values, so no tokens × tokens matrix is ever in memory.
func attention[F asm.Float](c *CPU, a AttentionArgs) {
	h := newHeads[F](a)
	out, lse := host[F](a.Out), host[F](a.LSE)
	eachHead(c, a, 1, func(b, head int, scratch []F) {
		k := kernels[F]()
		q, key, value := h.at(b, head)
		o := out[b*a.Tokens*h.width+head*a.HeadDim:]
		sums := lse[(b*a.Heads+head)*a.Tokens:]
		scaled, logits := scratch[:queryBlock*a.HeadDim], scratch[queryBlock*a.HeadDim:]
		for i := 0; i < a.Tokens; i += queryBlock {
			rows := min(queryBlock, a.Tokens-i)
			s := h.logits(scaled, logits, q[i*h.stride:], key, rows)
			for r := range rows {
				row := s[r*a.Tokens : (r+1)*a.Tokens]
				sums[i+r] = k.Softmax(row, row)
			}
			k.Gemm(asm.Gemm[F]{M: rows, N: a.HeadDim, K: a.Tokens, A: s, LDA: a.Tokens,
				B: value, LDB: h.stride, C: o[i*h.width:], LDC: h.width})
		}
	})
}

func (c *CPU) AttentionBackward(a AttentionArgs, g AttentionGrads) {
	pick(a.QKV, attentionBackward[float32], attentionBackward[float64])(c, a, g)
}

// attentionBackward recomputes the probabilities from the log-sum-exp, P = exp(S − LSE), and then, with
// δ_i = Σ_j dO_ij·O_ij (which equals Σ_j P_ij·dP_ij):
//
//	dV = Pᵀ·dO   dP = dO·Vᵀ   dS = P∘(dP − δ)   dQ = dS·K/√d   dK = dSᵀ·Q/√d
func attentionBackward[F asm.Float](c *CPU, a AttentionArgs, g AttentionGrads) {
	h := newHeads[F](a)
	dh := newHeads[F](AttentionArgs{QKV: g.DQKV, Batch: a.Batch, Tokens: a.Tokens, Heads: a.Heads, HeadDim: a.HeadDim})
	out, dout, lse := host[F](a.Out), host[F](g.DOut), host[F](a.LSE)
	eachHead(c, a, 2, func(b, head int, scratch []F) {
		k := kernels[F]()
		q, key, value := h.at(b, head)
		dq, dkey, dvalue := dh.at(b, head)
		at := b*a.Tokens*h.width + head*a.HeadDim
		sums := lse[(b*a.Heads+head)*a.Tokens:]
		scaled, matrices := scratch[:queryBlock*a.HeadDim], scratch[queryBlock*a.HeadDim:]
		for i := 0; i < a.Tokens; i += queryBlock {
			rows := min(queryBlock, a.Tokens-i)
			o, do := out[at+i*h.width:], dout[at+i*h.width:]
			p := h.logits(scaled, matrices, q[i*h.stride:], key, rows)
			dp := matrices[queryBlock*a.Tokens:][:rows*a.Tokens]
			for r := range rows {
				row := p[r*a.Tokens : (r+1)*a.Tokens]
				k.Exp(row, row, sums[i+r])
			}
			k.Gemm(asm.Gemm[F]{M: a.Tokens, N: a.HeadDim, K: rows, A: p, LDA: a.Tokens, TransA: true,
				B: do, LDB: h.width, C: dvalue, LDC: h.stride, Accumulate: i > 0})
			k.Gemm(asm.Gemm[F]{M: rows, N: a.Tokens, K: a.HeadDim, A: do, LDA: h.width,
				B: value, LDB: h.stride, TransB: true, C: dp, LDC: a.Tokens})
			for r := range rows {
				from, to := r*a.Tokens, (r+1)*a.Tokens
				delta := k.Dot(o[r*h.width:r*h.width+a.HeadDim], do[r*h.width:r*h.width+a.HeadDim])
				logitGrad(dp[from:to], p[from:to], delta)
			}
			dqi := dq[i*h.stride:]
			k.Gemm(asm.Gemm[F]{M: rows, N: a.HeadDim, K: a.Tokens, A: dp, LDA: a.Tokens,
				B: key, LDB: h.stride, C: dqi, LDC: h.stride})
			for r := range rows {
				row := dqi[r*h.stride : r*h.stride+a.HeadDim]
				k.Scale(row, row, h.scale)
			}
			k.Gemm(asm.Gemm[F]{M: a.Tokens, N: a.HeadDim, K: rows, A: dp, LDA: a.Tokens, TransA: true,
				B: scaled, LDB: a.HeadDim, C: dkey, LDC: h.stride, Accumulate: i > 0})
		}
	})
}

// logitGrad computes dp = p·(dp − delta) in place.
func logitGrad[F asm.Float](dp, p []F, delta F) {
	p = p[:len(dp)]
	for j := range dp {
		dp[j] = p[j] * (dp[j] - delta)
	}
}

// heads finds the three matrices of one head inside the packed projection.
type heads[F asm.Float] struct {
	AttentionArgs
	qkv           []F
	width, stride int // heads·headDim, and the distance of two tokens: three times that
	scale         F   // 1/√headDim
}

func newHeads[F asm.Float](a AttentionArgs) heads[F] {
	width := a.Heads * a.HeadDim
	return heads[F]{a, host[F](a.QKV), width, 3 * width, F(1 / math.Sqrt(float64(a.HeadDim)))}
}

func (h *heads[F]) at(batch, head int) (q, k, v []F) {
	q = h.qkv[batch*h.Tokens*h.stride+head*h.HeadDim:]
	return q, q[h.width:], q[2*h.width:]
}

// logits computes (Q/√d)·Kᵀ for a block of queries and leaves the scaled queries in scaled: as in the published
// models, q is scaled before the product.
func (h *heads[F]) logits(scaled, dst, q, key []F, rows int) []F {
	k := kernels[F]()
	for r := range rows {
		k.Scale(scaled[r*h.HeadDim:(r+1)*h.HeadDim], q[r*h.stride:r*h.stride+h.HeadDim], h.scale)
	}
	s := dst[:rows*h.Tokens]
	k.Gemm(asm.Gemm[F]{M: rows, N: h.Tokens, K: h.HeadDim, A: scaled, LDA: h.HeadDim,
		B: key, LDB: h.stride, TransB: true, C: s, LDC: h.Tokens})
	return s
}

// eachHead calls fn for every batch item and head with scratch for a block of queries and the given number of
// blocks of logits, one scratch a goroutine.
func eachHead[F asm.Float](c *CPU, a AttentionArgs, blocks int, fn func(b, head int, scratch []F)) {
	size := queryBlock * (a.HeadDim + blocks*a.Tokens)
	n := a.Batch * a.Heads
	scratch := scratchFor(c, a.QKV.dtype, n, size)
	defer scratch.free()
	work := a.Tokens * a.Tokens * a.HeadDim
	parallel(n, 1+gemmGrain/max(work, 1), func(lo, hi int) {
		s := take[F](scratch)
		for i := lo; i < hi; i++ {
			fn(i/a.Heads, i%a.Heads, s)
		}
	})
}
