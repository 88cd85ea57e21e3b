package vector

import "mien/asm/internal/kernel"

// Bytes holds the kernels on the rows of attention's blocks where weights are whole numbers of eight bits, four to the word of a float32.
type Bytes[F kernel.Float] struct {
	// OnlineSoftmax is that of [Kernels], of logits scales[r]·s, with weights w instead of exp:
	//
	//	w = ⌊255·exp + dither[j%32]⌋, at most 255;  sum[r] = alpha[r]·sum[r] + Σ w/255
	//
	// Its rows go to dst as words of four neighbours, with zeros to the next multiple of 32; s stays. The dither is 1/64, 33/64, 17/64 …, the
	// bits of j%32 in reverse: of many weights that are too small for a byte, the right share becomes 1, where rounding to nearest would lose
	// all. top is at least half the lowest float32 before the first piece. Where a scale is NaN, alpha and sum are.
	OnlineSoftmax func(dst []F, ldd int, s []F, lds, rows, n int, scales, top, sum, alpha []F)
}
