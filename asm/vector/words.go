package vector

import "mien/asm/internal/kernel"

// Words holds the kernels on rows of logits that round their results to bfloat16, as operands of products: two to the word of a float32, the
// even element in the low half. Sums and what is computed before stay float32.
type Words[F kernel.Float] struct {
	// OnlineSoftmax is that of [Kernels], of logits scale·s. Its rows of exp go to dst as words of neighbours, with zeros to the next
	// multiple of 32 elements; s stays.
	OnlineSoftmax func(dst []F, ldd int, s []F, lds, rows, n int, scale F, top, sum, alpha []F)

	// LogitGrad computes probabilities p and gradients ds from logits scale·s and gradients dp of probabilities, row r of n columns:
	//
	//	p = exp(scale·s − lse[r]);  ds = scale·p·(dp − delta[r])
	//
	// p and ds are words of rows 2r and 2r + 1, one above the other; across has ds again, as words of neighbours in a row. An odd last row
	// is paired with zeros, and zeros follow each row to the next multiple of sixteen elements.
	LogitGrad func(p, ds []F, ldw int, across []F, lda int, s, dp []F, ld, rows, n int, scale F, lse, delta []F)
}
