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
	k.packWordsTransposed(s.keys, h.K, h.Stride, h.Tokens, h.Dim, s.words)
	k.packWords(s.values, h.V, h.Stride, h.Tokens, h.Dim)
}

// packWordsTransposed packs the transpose of src [rows, columns], with words of two neighbours in a row: panels of half(columns) rows
// each. room holds a panel's width of rounded rows.
func (k *Kernels[F]) packWordsTransposed(dst, src []F, stride, rows, columns int, room []F) {
	ld, depth := words(columns), half(columns)
	for r := 0; r < rows; r += k.width {
		n := min(k.width, rows-r)
		k.bf16.round(room, ld, src[r*stride:], stride, n, columns)
		k.gemm.Transpose(dst[r*depth:], k.width, room, ld, n, depth)
	}
}

// packWords packs src [rows, columns], with words of two elements one above the other: panels of half(rows) rows each.
func (k *Kernels[F]) packWords(dst, src []F, stride, rows, columns int) {
	for q := 0; q < columns; q += k.width {
		for r := 0; r < rows; r += k.keys {
			k.bf16.pair(dst[q*half(rows)+half(r)*k.width:], src[r*stride+q:], stride, min(k.keys, rows-r), min(k.width, columns-q))
		}
	}
}

// logitsBF16 computes a block of logits, not yet divided by √d, of the queries in s.q16.
func (k *Kernels[F]) logitsBF16(h *Head[F], s *forwardScratch[F], rows, j, n int) {
	depth := half(h.Dim)
	k.bf16.product(panelProduct[F]{m: rows, n: n, k: depth, a: s.q16, rs: words(h.Dim), ps: 1,
		b: s.keys[j*depth:], panel: depth * k.width, c: s.logits, ldc: k.logitStride()})
}

// mixBF16 adds the values of a block of keys with the probabilities in s.words as weights.
func (k *Kernels[F]) mixBF16(h *Head[F], s *forwardScratch[F], out []F, rows, j, n int) {
	k.bf16.product(panelProduct[F]{m: rows, n: h.Dim, k: half(n), a: s.words, rs: words(k.keys), ps: 1,
		b: s.values[j/2*k.width:], panel: half(h.Tokens) * k.width, c: out, ldc: h.OutStride, accumulate: j > 0})
}
