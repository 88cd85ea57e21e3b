package attention

import (
	"math"

	"mien/asm/internal/kernel"
)

// int8Kernels work on bytes, four to the word of a float32: the first in the lowest. Factors of a product are unsigned on the left, where
// zeroPoint stands for 0, and signed on the right. A scale is the largest magnitude of what has it over 127, as in package quantized.
type int8Kernels[F kernel.Float] struct {
	// product is that of Kernels for words: a step of the sum over k adds four products.
	product func(p int8Product[F])

	// rows makes words of rows of n elements, whole numbers of each element over the scale of its row, which flip changes the bits of: with
	// zeroPoint in every byte, they are unsigned. Zeros, flipped, follow to the next multiple of sixteen. A row with NaN or ±∞ has the scale
	// NaN. starts receives, as int32, what takes the zero point of the other factor out of a sum: −zeroPoint·Σ of the row's numbers.
	rows func(dst []F, ldd int, src []F, lds, rows, n int, flip uint32, scales, starts []F)

	// tops raises the largest magnitudes of n columns, which are at most the width, by those of some rows. NaN is above all.
	tops func(tops, src []F, stride, rows, n int)

	// pack makes words of the elements one above the other in four rows, whole numbers of each times the inverse scale of its column. Rows of
	// words are a panel's width apart. Zeros fill up an incomplete group of rows. n is at most the width, and there are inverse scales, and
	// room in dst, for a multiple of sixteen columns.
	pack func(dst, src []F, stride, rows, n int, inverse []F)
}

// int8Product is, for rows i of A [m, k] and columns j of panels of B [k, n], all of at least one row and column, in words:
//
//	c[i][j] = float(start[j] + Σ a[i][p]·b[p][j])·scales[j] + alpha[i]·c[i][j]
//
// without the last term where alpha is nil. Start, scales and rows of c have room for a multiple of sixteen columns, of which those beyond
// n are undefined.
type int8Product[F kernel.Float] struct {
	m, n, k       int
	a             []F
	lda           int
	b             []F
	panel         int
	c             []F
	ldc           int
	start, scales []F
	alpha         []F
}

const (
	zeroPoint  = 128
	allZeroes  = zeroPoint * 0x01010101 // the zero point in every byte of a word
	tinyInt8   = 0x1p-120               // the largest magnitude that is treated as zero: the reciprocal of its scale would overflow
	mostWeight = 255
)

// quarter is the number of words that n elements fill, quad that of a row which is made of them.
func quarter(n int) int { return kernel.CeilDiv(n, 4) }

func quad(n int) int { return kernel.RoundUp(n, 16) / 4 }

// usesInt8 tells whether a head is computed in int8.
func (k *Kernels[F]) usesInt8(h *Head[F]) bool { return h.Int8 && k.int8 != nil && h.Q.Float != nil }

// columnScales turns largest magnitudes of columns into scales over factor and their inverse, which have room for as many.
func columnScales[F kernel.Float](scales, inverse, tops []F, factor F) {
	for i, top := range tops {
		switch {
		case !(top <= math.MaxFloat32): // ±∞, NaN
			scales[i], inverse[i] = F(math.NaN()), 0
		case top < tinyInt8:
			scales[i], inverse[i] = 0, 0
		default:
			scales[i], inverse[i] = top/(127*factor), 127/top
		}
	}
}
