//go:build !purego

package quantized

import (
	"mien/asm/gemm"
	"mien/asm/internal/kernel"
)

//go:noescape
func bf16TileNEONAsm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)

//go:noescape
func bf16ConvertNEONAsm(dst *uint32, x *float32, n int)

// bf16NEON multiplies in float32, which is what its peak is.
func bf16NEON() *Kernels {
	return &Kernels{Name: "neon", format: bf16Format, MR: neonMR, sweep: bf16Halves(bf16TileNEONAsm), convert: bf16Convert(bf16ConvertNEONAsm),
		Peak: gemm.FMALoop(kernel.NEON)}
}
