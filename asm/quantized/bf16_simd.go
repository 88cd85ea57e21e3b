//go:build !purego && (amd64 || arm64)

package quantized

import (
	"mien/asm/gemm"
	"mien/asm/internal/kernel"
)

// bf16SIMD are the kernels of AVX2 and of NEON. They multiply in float32, so their peak is the FMA peak.
func bf16SIMD(set kernel.Set, tile bf16Tile, convert func(dst *uint32, x *float32, n int)) *Kernels {
	return &Kernels{Name: string(set), format: bf16Format, MR: 6, sweep: bf16Halves(tile), convert: bf16Convert(convert),
		words: &wordKernels{pairs32: pairsReference[float32], pairs16: pairsReference[uint16], copy: copyWords,
			transpose: wordTranspose(gemm.Transpose(set))},
		Peak: gemm.FMALoop(set)}
}

// bf16Convert builds a conversion of rows from one of a multiple of 32 elements.
func bf16Convert(fn func(dst *uint32, x *float32, n int)) func(dst []uint32, x []float32) (scale float32) {
	return func(dst []uint32, x []float32) (scale float32) {
		n := len(x) &^ 31
		if n > 0 {
			fn(&dst[0], &x[0], n)
		}
		return bf16ConvertReference(dst[n/2:], x[n:])
	}
}

// bf16Tile multiplies up to MR rows with half a panel, so that its sums leave registers for the operands.
type bf16Tile func(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)

// bf16Halves builds a sweep from a tile.
func bf16Halves(tile bf16Tile) func(t *sweep) {
	return func(t *sweep) {
		rows := t.rows
		if t.ldBias != 0 { // rows that start with different sums go one by one
			rows = 1
		}
		for i := 0; i < t.rows; i += rows {
			for j := 0; j < t.panels*NR; j += halfPanel {
				tile(rows, t.steps, &t.a[i*t.lda], t.lda, t.half(j), &t.c[i*t.ldc+j], t.ldc, &t.bias[i*t.ldBias+j])
			}
		}
	}
}
