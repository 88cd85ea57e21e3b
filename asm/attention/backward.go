package attention

import "mien/asm/internal/kernel"

// Grads holds the gradient of a head's Out, with its stride, and receives those of Q, K and V, with theirs.
type Grads[F kernel.Float] struct{ DOut, DQ, DK, DV Elements[F] }

// backwardScratch is the working memory of the backward pass of one head.
type backwardScratch[F kernel.Float] struct {
	keysT, valuesT      []F // panels of Kᵀ and Vᵀ
	keys, queries, dout []F // panels of K/√d, Q/√d and dO
	delta               []F // δ of each row
	q                   []F // rows of Q/√d, where those of the panels are too short
	scale, one          []F // single factors
	logits, dp          []F // a block of logits or probabilities, and of their gradients
}

func (k *Kernels[F]) backwardScratch(memory []F, tokens, dim int) (s backwardScratch[F], used int) {
	c := carver[F]{memory: memory}
	s.keysT, s.valuesT = c.take(k.columnPanels(dim, tokens)), c.take(k.columnPanels(dim, tokens))
	rows := k.columnPanels(tokens, dim)
	s.keys, s.queries, s.dout = c.take(rows), c.take(rows), c.take(rows)
	s.scale, s.one = c.take(1), c.take(1)
	block := k.queries * k.logitStride()
	s.delta, s.logits, s.dp = c.take(tokens), c.take(block), c.take(block)
	if dim > k.width {
		s.q = c.take(tokens * dim)
	}
	return s, c.used
}

// AttentionGradScratch returns how many elements of scratch the backward pass of one head needs.
func (k *Kernels[F]) AttentionGradScratch(tokens, dim int) int {
	_, n := k.backwardScratch(nil, tokens, dim)
	if k.bf16 != nil {
		_, rounded := k.roundedScratch(nil, tokens, dim)
		n = max(n, rounded)
	}
	return n
}

// PackAttentionGrad copies a head into scratch, in the order in which the backward pass reads it, and computes
// δ_i = Σ_c dO_ic·O_ic, which equals Σ_j P_ij·dP_ij.
func (k *Kernels[F]) PackAttentionGrad(h *Head[F], g *Grads[F], scratch []F) {
	if k.rounds(h) {
		k.packRoundedGrad(h, g, scratch)
		return
	}
	s, _ := k.backwardScratch(scratch, h.Tokens, h.Dim)
	s.scale[0], s.one[0] = h.scale(), 1
	k.packRows(s.keys, h.K.Float, h.Stride, h.Tokens, h.Dim, s.scale)
	k.packTransposed(s.keysT, h.K.Float, h.Stride, h.Tokens, h.Dim)
	k.packTransposed(s.valuesT, h.V.Float, h.Stride, h.Tokens, h.Dim)
	k.packRows(s.queries, h.Q.Float, h.Stride, h.Tokens, h.Dim, s.scale)
	k.packRows(s.dout, g.DOut.Float, h.OutStride, h.Tokens, h.Dim, s.one)
	for i := 0; i < len(s.q); i += k.keys * h.Dim { // a block at a time to keep calls short
		r := i / h.Dim
		k.vector.ScaleRows(s.q[i:], h.Dim, h.Q.Float[r*h.Stride:], h.Stride, min(k.keys, h.Tokens-r), h.Dim, s.scale)
	}
	k.deltas(s.delta, h, g)
}

// scaled returns rows of Q/√d from row i on, and how far they are apart: as the panels have them, if there is one panel.
func (k *Kernels[F]) scaled(h *Head[F], s *backwardScratch[F], i int) (q []F, stride int) {
	if s.q != nil {
		return s.q[i*h.Dim:], h.Dim
	}
	return s.queries[i*k.width:], k.width
}

func (k *Kernels[F]) deltas(delta []F, h *Head[F], g *Grads[F]) {
	for i := range h.Tokens {
		delta[i] = k.vector.Dot(h.Out.Float[i*h.OutStride:][:h.Dim], g.DOut.Float[i*h.OutStride:][:h.Dim])
	}
}

// AttentionGrad computes all gradients of a head that [Kernels.PackAttentionGrad] has packed into scratch:
//
//	P = exp(S − LSE)   dV = Pᵀ·dO   dP = dO·Vᵀ   dS = P∘(dP − δ)   dQ = dS·K/√d   dK = dSᵀ·Q/√d
func (k *Kernels[F]) AttentionGrad(h *Head[F], g *Grads[F], scratch []F) {
	k.gradients(h, g, scratch, span{0, h.Tokens}, span{0, h.Tokens}, true, true)
}

// AttentionQueryGrad computes rows lo ≤ i < hi of DQ alone, with lo a multiple of [Kernels.AttentionQueries]. With
// [Kernels.AttentionKeyGrad] it computes P and dS twice, but several threads can share a head. The bits are those of
// AttentionGrad.
func (k *Kernels[F]) AttentionQueryGrad(h *Head[F], g *Grads[F], scratch []F, lo, hi int) {
	k.gradients(h, g, scratch, span{lo, hi}, span{0, h.Tokens}, true, false)
}

// AttentionKeyGrad computes rows lo ≤ j < hi of DK and DV alone, with lo a multiple of [Kernels.AttentionKeys]; see
// [Kernels.AttentionQueryGrad].
func (k *Kernels[F]) AttentionKeyGrad(h *Head[F], g *Grads[F], scratch []F, lo, hi int) {
	k.gradients(h, g, scratch, span{0, h.Tokens}, span{lo, hi}, false, true)
}

// span is a range of tokens.
type span struct{ lo, hi int }

// gradients processes the blocks of logits of some queries and keys. Each gradient is summed in the order of blocks,
// regardless of which others are computed with it. All queries pass a block of keys before the next: what belongs to keys, three panels
// and two gradients, is more than what belongs to queries, and stays in L2 meanwhile.
func (k *Kernels[F]) gradients(h *Head[F], g *Grads[F], scratch []F, queries, keys span, dq, dkv bool) {
	if k.rounds(h) {
		k.roundedGradients(h, g, scratch, queries, keys, dq, dkv)
		return
	}
	s, _ := k.backwardScratch(scratch, h.Tokens, h.Dim)
	for j := keys.lo; j < keys.hi; j += k.keys {
		n := min(k.keys, keys.hi-j)
		for i := queries.lo; i < queries.hi; i += k.queries {
			rows := min(k.queries, queries.hi-i)
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
func (k *Kernels[F]) logitGrads(h *Head[F], g *Grads[F], s *backwardScratch[F], i, rows, j, n int) {
	ld := k.logitStride()
	q, stride := k.scaled(h, s, i)
	p := panelProduct[F]{m: rows, n: n, k: h.Dim, a: q, rs: stride, ps: 1,
		b: s.keysT[j*h.Dim:], panel: h.Dim * k.width, c: s.logits, ldc: ld}
	k.product(k.during(&h.Ahead, p))
	p.a, p.rs, p.b, p.c = g.DOut.Float[i*h.OutStride:], h.OutStride, s.valuesT[j*h.Dim:], s.dp
	k.product(k.during(&h.Ahead, p))
	k.vector.LogitGrad(s.logits, s.dp, ld, rows, n, h.LSE[i:], s.delta[i:])
}

// queryGrad adds a block's part of dQ.
func (k *Kernels[F]) queryGrad(h *Head[F], g *Grads[F], s *backwardScratch[F], i, rows, j, n int) {
	k.product(k.during(&h.Ahead, panelProduct[F]{m: rows, n: h.Dim, k: n, a: s.dp, rs: k.logitStride(), ps: 1,
		b: s.keys[j*k.width:], panel: h.Tokens * k.width, c: g.DQ.Float[i*h.Stride:], ldc: h.Stride, accumulate: j > 0}))
}

// keyGrads adds a block's part of dV and dK.
func (k *Kernels[F]) keyGrads(h *Head[F], g *Grads[F], s *backwardScratch[F], i, rows, j, n int) {
	p := panelProduct[F]{m: n, n: h.Dim, k: rows, a: s.logits, rs: 1, ps: k.logitStride(),
		b: s.dout[i*k.width:], panel: h.Tokens * k.width, c: g.DV.Float[j*h.Stride:], ldc: h.Stride, accumulate: i > 0}
	k.product(k.during(&h.Ahead, p))
	p.a, p.b, p.c = s.dp, s.queries[i*k.width:], g.DK.Float[j*h.Stride:]
	k.product(k.during(&h.Ahead, p))
}
