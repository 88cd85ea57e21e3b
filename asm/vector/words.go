package vector

import "mien/asm/internal/kernel"

// Words holds the kernels on the rows of attention's blocks that read bfloat16 or round their results to it. As operands of products these
// are two to the word of a float32, the even element in the low half. Sums and what is computed before stay float32.
type Words[F kernel.Float] struct {
	// OnlineSoftmax is that of [Kernels], of logits scale·s. Its rows of exp go to dst as words of neighbours, with zeros to the next
	// multiple of 32 elements; s stays. top is at least half the lowest float32 before the first piece, so that its multiples by log₂ e are
	// finite, too.
	OnlineSoftmax func(dst []F, ldd int, s []F, lds, rows, n int, scale F, top, sum, alpha []F)

	// LogitGrad computes probabilities p and gradients ds from logits scale·s and gradients dp of probabilities, row r of n columns:
	//
	//	p = exp(scale·s − lse[r]);  ds = scale·p·(dp − delta[r])
	//
	// p and ds are words of rows 2r and 2r + 1, one above the other; across has ds again, as words of neighbours in a row. An odd last row
	// is paired with zeros, and zeros follow each row to the next multiple of sixteen elements.
	LogitGrad func(p, ds []F, ldw int, across []F, lda int, s, dp []F, ld, rows, n int, scale F, lse, delta []F)

	// ScaleRows is that of [Kernels] with a rounded result.
	ScaleRows func(dst []uint16, ldd int, src []F, lds, rows, n int, factors []F)

	// RowDots computes dst[r] = Σ a·b over the n elements of row r of a and of b.
	RowDots func(dst []F, a, b []uint16, stride, rows, n int)
}
