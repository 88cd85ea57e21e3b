package attention

import (
	"math"

	"mien/asm/internal/kernel"
)

// roundedForward is the working memory of the forward pass of one head with operands in bfloat16. Words unless said otherwise.
type roundedForward[F kernel.Float] struct {
	keys            []F // panels of Kᵀ
	values          []F // panels of V
	q               []F // a block of queries
	words           []F // rows of keys, then a block of probabilities
	logits          []F // float32: a block of logits
	out             []F // float32: a block of Out, if that is bfloat16
	top, sum, alpha []F // float32, of each row of the block
}

func (k *Kernels[F]) roundedForward(memory []F, tokens, dim int) (s roundedForward[F], used int) {
	c := carver[F]{memory: memory}
	s.keys, s.values = c.take(k.columnPanels(half(dim), tokens)), c.take(k.columnPanels(half(tokens), dim))
	s.q, s.words = c.take(k.queries*words(dim)), c.take(max(k.queries*words(k.keys), k.width*words(dim)))
	s.logits, s.out = c.take(k.queries*k.logitStride()), c.take(k.queries*dim)
	s.top, s.sum, s.alpha = c.take(k.queries), c.take(k.queries), c.take(k.queries)
	return s, c.used
}

// packRounded is PackAttention.
func (k *Kernels[F]) packRounded(h *Head[F], scratch []F) {
	s, _ := k.roundedForward(scratch, h.Tokens, h.Dim)
	k.packWordsTransposed(s.keys, h.K, h.Stride, h.Tokens, h.Dim, s.words)
	k.packWords(s.values, h.V, h.Stride, h.Tokens, h.Dim)
}

// rounded is Attention.
func (k *Kernels[F]) rounded(h *Head[F], scratch []F, lo, hi int) {
	s, _ := k.roundedForward(scratch, h.Tokens, h.Dim)
	for i := lo; i < hi; i += k.queries {
		k.attendRounded(h, &s, i, min(k.queries, hi-i))
	}
}

// attendRounded is attend. Logits come without 1/√d, which the softmax multiplies with, so top is not scaled either.
func (k *Kernels[F]) attendRounded(h *Head[F], s *roundedForward[F], i, rows int) {
	k.makeWords(s.q, h.Q.From(i*h.Stride), h.Stride, rows, h.Dim)
	for r := range rows {
		s.top[r], s.sum[r] = F(-math.MaxFloat32/2), 0
	}
	out, ld := sums(h.Out.From(i*h.OutStride), h.OutStride, s.out, h.Dim)
	scale := h.scale()
	for j := 0; j < h.Tokens; j += k.keys {
		n := min(k.keys, h.Tokens-j)
		k.roundedLogits(h, s, rows, j, n)
		k.vector.Words.OnlineSoftmax(s.words, words(k.keys), s.logits, k.logitStride(), rows, n, scale, s.top, s.sum, s.alpha)
		if j > 0 {
			k.vector.ScaleRows(out, ld, out, ld, rows, h.Dim, s.alpha[:rows])
		}
		k.roundedMix(h, s, out, ld, rows, j, n)
	}
	k.vector.LogSumExp(h.LSE[i:i+rows], s.alpha[:rows], s.top[:rows], s.sum[:rows], scale)
	k.storeRows(h.Out.From(i*h.OutStride), h.OutStride, out, ld, rows, h.Dim, s.alpha[:rows])
}

// roundedLogits computes a block of logits, not yet divided by √d, of the queries in s.q.
func (k *Kernels[F]) roundedLogits(h *Head[F], s *roundedForward[F], rows, j, n int) {
	depth := half(h.Dim)
	k.bf16.product(k.during(&h.Ahead, panelProduct[F]{m: rows, n: n, k: depth, a: s.q, rs: words(h.Dim), ps: 1,
		b: s.keys[j*depth:], panel: depth * k.width, c: s.logits, ldc: k.logitStride()}))
}

// roundedMix adds the values of a block of keys, with the probabilities in s.words as weights, to out.
func (k *Kernels[F]) roundedMix(h *Head[F], s *roundedForward[F], out []F, ld, rows, j, n int) {
	k.bf16.product(k.during(&h.Ahead, panelProduct[F]{m: rows, n: h.Dim, k: half(n), a: s.words, rs: words(k.keys), ps: 1,
		b: s.values[j/2*k.width:], panel: half(h.Tokens) * k.width, c: out, ldc: ld, accumulate: j > 0}))
}
