//go:build !purego

package asm

// avx512 is the implementation for AVX-512 F, BW, DQ and VL. What is not named here is as in avx2.
func avx512() *Kernels[float32] {
	k := avx2()
	k.Name = "avx512"
	k.BF16, k.Int8 = bf16AVX512(), int8AVX512()
	return k
}
