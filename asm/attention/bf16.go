package attention

import "mien/asm/internal/kernel"

// bf16Kernels work on pairs of bfloat16, two to the word of a float32: the even element in the low half.
type bf16Kernels[F kernel.Float] struct {
	// product is that of Kernels for words: a step of the sum over k adds both products of a pair.
	product func(p panelProduct[F])

	// round makes words of rows of n elements: bfloat16 to the nearest, ties to even, and zeros to the next multiple of sixteen.
	round func(dst []F, ldd int, src []F, lds, rows, n int)

	// pair makes words of the elements one above the other in rows 2r and 2r + 1, the rows of words a panel's width apart. An odd last
	// row is paired with zeros. n is at most the width.
	pair func(dst, src []F, stride, rows, n int)
}

// words is the length of a rounded row of n elements.
func words(n int) int { return kernel.RoundUp(n, 16) / 2 }

// half is the number of pairs that n elements fill.
func half(n int) int { return kernel.CeilDiv(n, 2) }

// rounds tells whether a head is computed in bfloat16.
func (k *Kernels[F]) rounds(h *Head[F]) bool { return h.BF16 && k.bf16 != nil }

// packBF16 packs keys and values for products of pairs.
func (k *Kernels[F]) packBF16(h *Head[F], s *forwardScratch[F]) {
	b := k.bf16
	ld := words(h.Dim)
	for j := 0; j < h.Tokens; j += k.width {
		rows := min(k.width, h.Tokens-j)
		b.round(s.paired, ld, h.K[j*h.Stride:], h.Stride, rows, h.Dim)
		k.gemm.Transpose(s.keys[j*half(h.Dim):], k.width, s.paired, ld, rows, half(h.Dim))
	}
	for q := 0; q < h.Dim; q += k.width {
		for j := 0; j < h.Tokens; j += k.keys {
			b.pair(s.values[q*half(h.Tokens)+half(j)*k.width:], h.V[j*h.Stride+q:], h.Stride, min(k.keys, h.Tokens-j), min(k.width, h.Dim-q))
		}
	}
}

// logitsBF16 computes a block of logits of the queries in s.q.
func (k *Kernels[F]) logitsBF16(h *Head[F], s *forwardScratch[F], rows, j, n int) {
	b := k.bf16
	depth := half(h.Dim)
	if j == 0 {
		b.round(s.q16, words(h.Dim), s.q, h.Dim, rows, h.Dim)
	}
	b.product(panelProduct[F]{m: rows, n: n, k: depth, a: s.q16, rs: words(h.Dim), ps: 1,
		b: s.keys[j*depth:], panel: depth * k.width, c: s.logits, ldc: k.logitStride()})
}

// mixBF16 adds the values of a block of keys with the probabilities in s.logits as weights.
func (k *Kernels[F]) mixBF16(h *Head[F], s *forwardScratch[F], out []F, rows, j, n int) {
	b := k.bf16
	ld := k.logitStride()
	b.round(s.paired, words(k.keys), s.logits, ld, rows, n)
	b.product(panelProduct[F]{m: rows, n: h.Dim, k: half(n), a: s.paired, rs: words(k.keys), ps: 1,
		b: s.values[j/2*k.width:], panel: half(h.Tokens) * k.width, c: out, ldc: h.OutStride, accumulate: j > 0})
}
