//go:build !purego

package attention

import (
	"mien/asm/gemm"
	"mien/asm/vector"
)

// avx512 has panels of four vectors, 64 columns, the usual width of a head: a register tile of six rows takes 24 of 32 registers.
func avx512(v *vector.Kernels[float32], g *gemm.Kernels[float32]) *Kernels[float32] {
	return &Kernels[float32]{
		vector: v, gemm: g, width: avx512Width, queries: 48, keys: 256,
		product: productAVX512, bf16: bf16AVX512(), int8: int8AVX512(),
	}
}

const (
	avx512Width = 64
	avx512Lanes = 16
	avx512MR    = 6
)
