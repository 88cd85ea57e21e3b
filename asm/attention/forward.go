package attention

import (
	"math"

	"mien/asm/internal/kernel"
)

// forwardScratch is the working memory of the forward pass of one head.
type forwardScratch[F kernel.Float] struct {
	keys            []F // panels of Kᵀ
	values          []F // panels of V
	q               []F // a block of queries, times the scale
	logits          []F // a block of logits, then of probabilities
	top, sum, alpha []F // of each row of the block
	scale, one      []F // single factors
}

func (k *Kernels[F]) forwardScratch(memory []F, tokens, dim int) (s forwardScratch[F], used int) {
	c := carver[F]{memory: memory}
	s.keys, s.values = c.take(k.columnPanels(dim, tokens)), c.take(k.columnPanels(tokens, dim))
	s.q, s.logits = c.take(k.queries*dim), c.take(k.queries*k.logitStride())
	s.scale, s.one = c.take(1), c.take(1)
	s.top, s.sum, s.alpha = c.take(k.queries), c.take(k.queries), c.take(k.queries)
	return s, c.used
}

// logitStride keeps rows of logits from mapping to the same cache sets.
func (k *Kernels[F]) logitStride() int { return k.keys + kernel.Skew }

// AttentionScratch returns how many elements of scratch [Kernels.PackAttention] and [Kernels.Attention] need for one head.
func (k *Kernels[F]) AttentionScratch(tokens, dim int) int {
	_, n := k.forwardScratch(nil, tokens, dim)
	if k.bf16 != nil {
		_, rounded := k.roundedForward(nil, tokens, dim)
		n = max(n, rounded)
	}
	if k.int8 != nil {
		_, bytes := k.int8Forward(nil, tokens, dim)
		n = max(n, bytes)
	}
	return n
}

// PackAttention copies keys and values into scratch, in the order in which [Kernels.Attention] reads them.
func (k *Kernels[F]) PackAttention(h *Head[F], scratch []F) {
	switch {
	case k.usesInt8(h):
		k.packInt8(h, scratch)
		return
	case k.rounds(h):
		k.packRounded(h, scratch)
		return
	}
	s, _ := k.forwardScratch(scratch, h.Tokens, h.Dim)
	s.scale[0], s.one[0] = h.scale(), 1
	k.packTransposed(s.keys, h.K.Float, h.Stride, h.Tokens, h.Dim)
	k.packRows(s.values, h.V.Float, h.Stride, h.Tokens, h.Dim, s.one)
}

// Attention computes rows lo ≤ i < hi of Out and LSE for a head that [Kernels.PackAttention] has packed into scratch. The
// result of a row does not depend on lo and hi, bit for bit.
func (k *Kernels[F]) Attention(h *Head[F], scratch []F, lo, hi int) {
	switch {
	case k.usesInt8(h):
		k.inInt8(h, scratch, lo, hi)
		return
	case k.rounds(h):
		k.rounded(h, scratch, lo, hi)
		return
	}
	s, _ := k.forwardScratch(scratch, h.Tokens, h.Dim)
	for i := lo; i < hi; i += k.queries {
		k.attend(h, &s, i, min(k.queries, hi-i))
	}
}

// attend computes a block of rows from row i on. After every block of keys, Out holds the weighted sum of the values so
// far with weights exp(s − top); a new maximum rescales it by alpha.
func (k *Kernels[F]) attend(h *Head[F], s *forwardScratch[F], i, rows int) {
	out := h.Out.Float[i*h.OutStride:]
	k.vector.ScaleRows(s.q, h.Dim, h.Q.Float[i*h.Stride:], h.Stride, rows, h.Dim, s.scale)
	for r := range rows {
		s.top[r], s.sum[r] = F(-math.MaxFloat32), 0
	}
	for j := 0; j < h.Tokens; j += k.keys {
		n := min(k.keys, h.Tokens-j)
		k.logits(h, s, rows, j, n)
		k.vector.OnlineSoftmax(s.logits, k.logitStride(), rows, n, s.top, s.sum, s.alpha)
		if j > 0 {
			k.vector.ScaleRows(out, h.OutStride, out, h.OutStride, rows, h.Dim, s.alpha[:rows])
		}
		k.mix(h, s, out, rows, j, n)
	}
	k.vector.LogSumExp(h.LSE[i:i+rows], s.alpha[:rows], s.top[:rows], s.sum[:rows], 1)
	k.vector.ScaleRows(out, h.OutStride, out, h.OutStride, rows, h.Dim, s.alpha[:rows])
}

// logits computes a block of logits, from key j on, of the queries in s.q.
func (k *Kernels[F]) logits(h *Head[F], s *forwardScratch[F], rows, j, n int) {
	k.product(k.during(&h.Ahead, panelProduct[F]{m: rows, n: n, k: h.Dim, a: s.q, rs: h.Dim, ps: 1,
		b: s.keys[j*h.Dim:], panel: h.Dim * k.width, c: s.logits, ldc: k.logitStride()}))
}

// mix adds the values from row j on, with the probabilities in s.logits as weights, to out.
func (k *Kernels[F]) mix(h *Head[F], s *forwardScratch[F], out []F, rows, j, n int) {
	k.product(k.during(&h.Ahead, panelProduct[F]{m: rows, n: h.Dim, k: n, a: s.logits, rs: k.logitStride(), ps: 1,
		b: s.values[j*k.width:], panel: h.Tokens * k.width, c: out, ldc: h.OutStride, accumulate: j > 0}))
}
