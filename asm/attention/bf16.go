package attention

import "mien/asm/internal/kernel"

// bf16Kernels work on pairs of bfloat16, two to the word of a float32: the even element in the low half.
type bf16Kernels[F kernel.Float] struct {
	// product is that of Kernels for words: a step of the sum over k adds both products of a pair.
	product func(p panelProduct[F])

	// round makes words of rows of n elements: bfloat16 to the nearest, ties to even, and zeros to the next multiple of sixteen. copy
	// makes them of rows that are bfloat16 already.
	round func(dst []F, ldd int, src []F, lds, rows, n int)
	copy  func(dst []F, ldd int, src []uint16, lds, rows, n int)

	// pair makes words of the elements one above the other in rows 2r and 2r + 1, the rows of words a panel's width apart. An odd last
	// row is paired with zeros. n is at most the width. join is pair of elements that are bfloat16 already.
	pair func(dst, src []F, stride, rows, n int)
	join func(dst []F, src []uint16, stride, rows, n int)
}

// words is the length of a rounded row of n elements.
func words(n int) int { return kernel.RoundUp(n, 16) / 2 }

// half is the number of pairs that n elements fill.
func half(n int) int { return kernel.CeilDiv(n, 2) }

// rounds tells whether a head is computed in bfloat16.
func (k *Kernels[F]) rounds(h *Head[F]) bool { return h.BF16 && k.bf16 != nil }

// makeWords makes rows of words, one behind the other, of rows, a block at a time to keep calls short.
func (k *Kernels[F]) makeWords(dst []F, src Elements[F], stride, rows, columns int) {
	ld := words(columns)
	for r := 0; r < rows; r += k.keys {
		n := min(k.keys, rows-r)
		if src.BF16 != nil {
			k.bf16.copy(dst[r*ld:], ld, src.BF16[r*stride:], stride, n, columns)
		} else {
			k.bf16.round(dst[r*ld:], ld, src.Float[r*stride:], stride, n, columns)
		}
	}
}

// packWordsTransposed packs the transpose of src [rows, columns], with words of two neighbours in a row: panels of half(columns) rows
// each. room holds a panel's width of rounded rows.
func (k *Kernels[F]) packWordsTransposed(dst []F, src Elements[F], stride, rows, columns int, room []F) {
	ld, depth := words(columns), half(columns)
	for r := 0; r < rows; r += k.width {
		n := min(k.width, rows-r)
		k.makeWords(room, src.From(r*stride), stride, n, columns)
		k.gemm.Transpose(dst[r*depth:], k.width, room, ld, n, depth)
	}
}

// packWords packs src [rows, columns], with words of two elements one above the other: panels of half(rows) rows each.
func (k *Kernels[F]) packWords(dst []F, src Elements[F], stride, rows, columns int) {
	for q := 0; q < columns; q += k.width {
		for r := 0; r < rows; r += k.keys {
			to, at := dst[q*half(rows)+half(r)*k.width:], r*stride+q
			if src.BF16 != nil {
				k.bf16.join(to, src.BF16[at:], stride, min(k.keys, rows-r), min(k.width, columns-q))
			} else {
				k.bf16.pair(to, src.Float[at:], stride, min(k.keys, rows-r), min(k.width, columns-q))
			}
		}
	}
}

// sums returns where products add up the rows of x, and how far these are apart: in place or, where x is bfloat16, in room.
func sums[F kernel.Float](x Elements[F], stride int, room []F, columns int) (c []F, ld int) {
	if x.BF16 != nil {
		return room, columns
	}
	return x.Float, stride
}

// storeRows writes rows of sums, each times its factor, or all times the only one, a block at a time to keep calls short.
func (k *Kernels[F]) storeRows(dst Elements[F], ldd int, src []F, lds, rows, columns int, factors []F) {
	for r := 0; r < rows; r += k.keys {
		n, f := min(k.keys, rows-r), factors[min(r, len(factors)-1):]
		if dst.BF16 != nil {
			k.vector.Words.ScaleRows(dst.BF16[r*ldd:], ldd, src[r*lds:], lds, n, columns, f)
		} else {
			k.vector.ScaleRows(dst.Float[r*ldd:], ldd, src[r*lds:], lds, n, columns, f)
		}
	}
}
