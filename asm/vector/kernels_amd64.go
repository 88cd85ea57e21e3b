//go:build !purego

package asm

// avx512 is the implementation for AVX-512 F, BW, DQ and VL. What is not named here is as in avx2.
func avx512() *Kernels[float32] {
	k := avx2()
	k.Name = "avx512"
	k.MR, k.NR, k.Lanes = avx512MR, avx512NR, avx512Lanes
	k.GemmStrip, k.Transpose, k.CopyRows = gemmStripFloat512, transposeFloat512, copyRowsFloat512
	k.FMALoop = fmaLoop512
	rowsAVX512(k)
	k.attention = attentionAVX512()
	k.BF16, k.Int8 = bf16AVX512(), int8AVX512()
	return k
}
