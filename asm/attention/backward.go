package asm

// AttentionGrads holds the gradient of a head's Out, with its stride, and receives those of Q, K and V, with theirs.
type AttentionGrads[F Float] struct{ DOut, DQ, DK, DV []F }

// attentionGradScratch is what the backward pass of one head needs beside its operands.
type attentionGradScratch[F Float] struct {
	keysT, valuesT      []F // panels of Kᵀ and Vᵀ
	keys, queries, dout []F // panels of K/√d, Q/√d and dO
	delta               []F // δ of each row
	scale, one          []F // single factors
	q, logits, dp       []F // a block of Q/√d, of logits or probabilities, and of their gradients
}

func (k *Kernels[F]) attentionGradScratch(memory []F, tokens, dim int) (s attentionGradScratch[F], used int) {
	a := &k.attention
	c := carver[F]{memory: memory}
	s.keysT, s.valuesT = c.take(a.columnPanels(dim, tokens)), c.take(a.columnPanels(dim, tokens))
	rows := a.columnPanels(tokens, dim)
	s.keys, s.queries, s.dout = c.take(rows), c.take(rows), c.take(rows)
	s.scale, s.one = c.take(1), c.take(1)
	block := a.queries * a.logitStride()
	s.delta, s.q, s.logits, s.dp = c.take(tokens), c.take(a.queries*dim), c.take(block), c.take(block)
	return s, c.used
}

// AttentionGradScratch returns how many elements of scratch the backward pass of one head needs.
func (k *Kernels[F]) AttentionGradScratch(tokens, dim int) int {
	_, n := k.attentionGradScratch(nil, tokens, dim)
	return n
}

// PackAttentionGrad copies a head into scratch, in the order in which the backward pass reads it, and computes
// δ_i = Σ_c dO_ic·O_ic, which equals Σ_j P_ij·dP_ij.
func (k *Kernels[F]) PackAttentionGrad(h *AttentionHead[F], g *AttentionGrads[F], scratch []F) {
	s, _ := k.attentionGradScratch(scratch, h.Tokens, h.Dim)
	s.scale[0], s.one[0] = h.scale(), 1
	k.attention.packTransposed(s.keysT, h.K, h.Stride, h.Tokens, h.Dim)
	k.attention.packTransposed(s.valuesT, h.V, h.Stride, h.Tokens, h.Dim)
	k.attention.packRows(s.keys, h.K, h.Stride, h.Tokens, h.Dim, s.scale)
	k.attention.packRows(s.queries, h.Q, h.Stride, h.Tokens, h.Dim, s.scale)
	k.attention.packRows(s.dout, g.DOut, h.OutStride, h.Tokens, h.Dim, s.one)
	for i := range h.Tokens {
		s.delta[i] = k.Dot(h.Out[i*h.OutStride:][:h.Dim], g.DOut[i*h.OutStride:][:h.Dim])
	}
}

// AttentionGrad computes all gradients of a head that [Kernels.PackAttentionGrad] has packed into scratch:
//
//	P = exp(S − LSE)   dV = Pᵀ·dO   dP = dO·Vᵀ   dS = P∘(dP − δ)   dQ = dS·K/√d   dK = dSᵀ·Q/√d
func (k *Kernels[F]) AttentionGrad(h *AttentionHead[F], g *AttentionGrads[F], scratch []F) {
	k.attentionGrads(h, g, scratch, span{0, h.Tokens}, span{0, h.Tokens}, true, true)
}

// AttentionQueryGrad computes rows lo ≤ i < hi of DQ alone, with lo a multiple of [Kernels.AttentionQueries]. With
// [Kernels.AttentionKeyGrad] it computes P and dS twice, but several threads can share a head. Bits are those of AttentionGrad.
func (k *Kernels[F]) AttentionQueryGrad(h *AttentionHead[F], g *AttentionGrads[F], scratch []F, lo, hi int) {
	k.attentionGrads(h, g, scratch, span{lo, hi}, span{0, h.Tokens}, true, false)
}

// AttentionKeyGrad computes rows lo ≤ j < hi of DK and DV alone, with lo a multiple of [Kernels.AttentionKeys]; see
// [Kernels.AttentionQueryGrad].
func (k *Kernels[F]) AttentionKeyGrad(h *AttentionHead[F], g *AttentionGrads[F], scratch []F, lo, hi int) {
	k.attentionGrads(h, g, scratch, span{0, h.Tokens}, span{lo, hi}, false, true)
}

// span is a range of tokens.
type span struct{ lo, hi int }

// attentionGrads goes through the blocks of logits of some queries and keys. Each gradient is summed in the order of blocks,
// whichever others are computed beside it.
func (k *Kernels[F]) attentionGrads(h *AttentionHead[F], g *AttentionGrads[F], scratch []F, queries, keys span, dq, dkv bool) {
	a := &k.attention
	s, _ := k.attentionGradScratch(scratch, h.Tokens, h.Dim)
	for i := queries.lo; i < queries.hi; i += a.queries {
		rows := min(a.queries, queries.hi-i)
		a.scale(s.q, h.Dim, h.Q[i*h.Stride:], h.Stride, rows, h.Dim, s.scale)
		for j := keys.lo; j < keys.hi; j += a.keys {
			n := min(a.keys, keys.hi-j)
			k.logitGrads(h, g, &s, i, rows, j, n)
			if dq {
				k.queryGrad(h, g, &s, i, rows, j, n)
			}
			if dkv {
				k.keyGrads(h, g, &s, i, rows, j, n)
			}
		}
	}
}

// logitGrads computes a block of P into logits and of dS into dp.
func (k *Kernels[F]) logitGrads(h *AttentionHead[F], g *AttentionGrads[F], s *attentionGradScratch[F], i, rows, j, n int) {
	a := &k.attention
	ld := a.logitStride()
	p := panelProduct[F]{m: rows, n: n, k: h.Dim, a: s.q, rs: h.Dim, ps: 1,
		b: s.keysT[j*h.Dim:], panel: h.Dim * a.width, c: s.logits, ldc: ld}
	a.product(p)
	p.a, p.rs, p.b, p.c = g.DOut[i*h.OutStride:], h.OutStride, s.valuesT[j*h.Dim:], s.dp
	a.product(p)
	a.grad(s.logits, s.dp, ld, rows, n, h.LSE[i:], s.delta[i:])
}

// queryGrad adds a block's part of dQ.
func (k *Kernels[F]) queryGrad(h *AttentionHead[F], g *AttentionGrads[F], s *attentionGradScratch[F], i, rows, j, n int) {
	a := &k.attention
	a.product(panelProduct[F]{m: rows, n: h.Dim, k: n, a: s.dp, rs: a.logitStride(), ps: 1,
		b: s.keys[j*a.width:], panel: h.Tokens * a.width, c: g.DQ[i*h.Stride:], ldc: h.Stride, accumulate: j > 0})
}

// keyGrads adds a block's part of dV and dK.
func (k *Kernels[F]) keyGrads(h *AttentionHead[F], g *AttentionGrads[F], s *attentionGradScratch[F], i, rows, j, n int) {
	a := &k.attention
	p := panelProduct[F]{m: n, n: h.Dim, k: rows, a: s.logits, rs: 1, ps: a.logitStride(),
		b: s.dout[i*a.width:], panel: h.Tokens * a.width, c: g.DV[j*h.Stride:], ldc: h.Stride, accumulate: i > 0}
	a.product(p)
	p.a, p.b, p.c = s.dp, s.queries[i*a.width:], g.DK[j*h.Stride:]
	a.product(p)
}
