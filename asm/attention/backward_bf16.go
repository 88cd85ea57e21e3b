package attention

import "mien/asm/internal/kernel"

// The backward pass with operands in bfloat16. Each of the five products needs pairs of terms of its sum in a word: S and dP those along
// the elements of a row, dQ those along the keys, dV and dK those along the queries. So K and dS exist in words of both kinds.

// roundedScratch is the working memory of it for one head. Words unless said otherwise.
type roundedScratch[F kernel.Float] struct {
	keysT, valuesT      []F // panels of Kᵀ and Vᵀ
	keys, queries, dout []F // panels of K, Q and dO
	q, do               []F // rows of Q and dO
	logits, dp          []F // float32: a block of logits and of the gradients of probabilities
	p, ds, across       []F // a block of probabilities and of gradients of logits, by columns; the latter by rows
	dq, dk, dv          []F // float32: dQ, and a block of dK and dV, if these are bfloat16
	delta               []F // float32: δ of each row
	one                 []F // float32: the factor 1
}

func (k *Kernels[F]) roundedScratch(memory []F, tokens, dim int) (s roundedScratch[F], used int) {
	c := carver[F]{memory: memory}
	s.keysT, s.valuesT = c.take(k.columnPanels(half(dim), tokens)), c.take(k.columnPanels(half(dim), tokens))
	rows := k.columnPanels(half(tokens), dim)
	s.keys, s.queries, s.dout = c.take(rows), c.take(rows), c.take(rows)
	s.q, s.do = c.take(max(tokens, k.width)*words(dim)), c.take(tokens*words(dim))
	block := k.queries * k.logitStride()
	s.logits, s.dp = c.take(block), c.take(block)
	s.p, s.ds, s.across = c.take(block/2), c.take(block/2), c.take(k.queries*words(k.keys))
	keys := min(tokens, k.keys)
	s.dq, s.dk, s.dv = c.take(tokens*dim), c.take(keys*dim), c.take(keys*dim)
	s.delta, s.one = c.take(tokens), c.take(1)
	return s, c.used
}

// packRoundedGrad is PackAttentionGrad.
func (k *Kernels[F]) packRoundedGrad(h *Head[F], g *Grads[F], scratch []F) {
	s, _ := k.roundedScratch(scratch, h.Tokens, h.Dim)
	s.one[0] = 1
	k.packWordsTransposed(s.keysT, h.K, h.Stride, h.Tokens, h.Dim, s.q)
	k.packWordsTransposed(s.valuesT, h.V, h.Stride, h.Tokens, h.Dim, s.q)
	k.makeWords(s.q, h.Q, h.Stride, h.Tokens, h.Dim)
	k.makeWords(s.do, g.DOut, h.OutStride, h.Tokens, h.Dim)
	k.packWords(s.keys, h.K, h.Stride, h.Tokens, h.Dim)
	k.packWords(s.queries, h.Q, h.Stride, h.Tokens, h.Dim)
	k.packWords(s.dout, g.DOut, h.OutStride, h.Tokens, h.Dim)
	if h.Out.BF16 == nil {
		k.deltas(s.delta, h, g)
		return
	}
	for r := 0; r < h.Tokens; r += k.keys {
		k.vector.Words.RowDots(s.delta[r:], h.Out.BF16[r*h.OutStride:], g.DOut.BF16[r*h.OutStride:], h.OutStride, min(k.keys, h.Tokens-r), h.Dim)
	}
}

// roundedGradients is gradients.
func (k *Kernels[F]) roundedGradients(h *Head[F], g *Grads[F], scratch []F, queries, keys span, dq, dkv bool) {
	s, _ := k.roundedScratch(scratch, h.Tokens, h.Dim)
	for j := keys.lo; j < keys.hi; j += k.keys {
		n := min(k.keys, keys.hi-j)
		for i := queries.lo; i < queries.hi; i += k.queries {
			rows := min(k.queries, queries.hi-i)
			k.roundedLogitGrads(h, &s, i, rows, j, n)
			if dq {
				k.roundedQueryGrad(h, g, &s, i, rows, j, n)
			}
			if dkv {
				k.roundedKeyGrads(h, g, &s, i, rows, j, n)
			}
		}
		if dkv && g.DK.BF16 != nil {
			k.storeRows(g.DK.From(j*h.Stride), h.Stride, s.dk, h.Dim, n, h.Dim, s.one)
			k.storeRows(g.DV.From(j*h.Stride), h.Stride, s.dv, h.Dim, n, h.Dim, s.one)
		}
	}
	if dq && g.DQ.BF16 != nil {
		k.storeRows(g.DQ.From(queries.lo*h.Stride), h.Stride, s.dq[queries.lo*h.Dim:], h.Dim, queries.hi-queries.lo, h.Dim, s.one)
	}
}

// roundedLogitGrads computes a block of P and dS.
func (k *Kernels[F]) roundedLogitGrads(h *Head[F], s *roundedScratch[F], i, rows, j, n int) {
	ld, depth := k.logitStride(), half(h.Dim)
	p := panelProduct[F]{m: rows, n: n, k: depth, a: s.q[i*words(h.Dim):], rs: words(h.Dim), ps: 1,
		b: s.keysT[j*depth:], panel: depth * k.width, c: s.logits, ldc: ld}
	k.bf16.product(k.during(&h.Ahead, p))
	p.a, p.b, p.c = s.do[i*words(h.Dim):], s.valuesT[j*depth:], s.dp
	k.bf16.product(k.during(&h.Ahead, p))
	k.vector.Words.LogitGrad(s.p, s.ds, ld, s.across, words(k.keys), s.logits, s.dp, ld, rows, n, h.scale(), h.LSE[i:], s.delta[i:])
}

// roundedQueryGrad adds a block's part of dQ.
func (k *Kernels[F]) roundedQueryGrad(h *Head[F], g *Grads[F], s *roundedScratch[F], i, rows, j, n int) {
	dq, ld := sums(g.DQ, h.Stride, s.dq, h.Dim)
	k.bf16.product(k.during(&h.Ahead, panelProduct[F]{m: rows, n: h.Dim, k: half(n), a: s.across, rs: words(k.keys), ps: 1,
		b: s.keys[j/2*k.width:], panel: half(h.Tokens) * k.width, c: dq[i*ld:], ldc: ld, accumulate: j > 0}))
}

// roundedKeyGrads adds the part of some queries to a block of dV and dK.
func (k *Kernels[F]) roundedKeyGrads(h *Head[F], g *Grads[F], s *roundedScratch[F], i, rows, j, n int) {
	dv, ld := sums(g.DV.From(j*h.Stride), h.Stride, s.dv, h.Dim)
	dk, _ := sums(g.DK.From(j*h.Stride), h.Stride, s.dk, h.Dim)
	p := panelProduct[F]{m: n, n: h.Dim, k: half(rows), a: s.p, rs: 1, ps: k.logitStride(),
		b: s.dout[i/2*k.width:], panel: half(h.Tokens) * k.width, c: dv, ldc: ld, accumulate: i > 0}
	k.bf16.product(k.during(&h.Ahead, p))
	p.a, p.b, p.c = s.ds, s.queries[i/2*k.width:], dk
	k.bf16.product(k.during(&h.Ahead, p))
}
