//go:build !purego

package quantized

import (
	"mien/asm/gemm"
	"mien/asm/internal/kernel"
)

//go:noescape
func bf16TileAVX2Asm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)

//go:noescape
func bf16ConvertAVX2Asm(dst *uint32, x *float32, n int)

const bf16AVX2MR = 6

// bf16AVX2 multiplies in float32, which is what its peak is.
func bf16AVX2() *Kernels {
	return &Kernels{Name: "avx2", format: bf16Format, MR: bf16AVX2MR, sweep: bf16Halves(bf16TileAVX2Asm), convert: bf16Convert(bf16ConvertAVX2Asm),
		Peak: gemm.FMALoop(kernel.AVX2)}
}
