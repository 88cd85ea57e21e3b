//go:build !purego

package asm

import "golang.org/x/sys/cpu"

//go:noescape
func attentionTileBF16Asm(m, n, k int, a *float32, rs, ps int, b, c *float32, ldc int, accumulate bool)

//go:noescape
func attentionRoundBF16Asm(dst *float32, ldd int, src *float32, lds, rows, n int)

//go:noescape
func attentionPairBF16Asm(dst, a, b *float32, stride, pairs, n int)

// attentionBF16AVX512 is nil without AVX512_BF16.
func attentionBF16AVX512() *attentionBF16Kernels[float32] {
	if !cpu.X86.HasAVX512BF16 {
		return nil
	}
	return &attentionBF16Kernels[float32]{product: attentionProductBF16, round: attentionRoundBF16, pair: attentionPairBF16}
}

func attentionProductBF16(p panelProduct[float32]) { attentionPanels(p, attentionTileBF16Asm) }

func attentionRoundBF16(dst []float32, ldd int, src []float32, lds, rows, n int) {
	_, _ = dst[(rows-1)*ldd+words(n)-1], src[(rows-1)*lds+n-1]
	attentionRoundBF16Asm(&dst[0], ldd, &src[0], lds, rows, n)
}

// attentionPairBF16 pairs a last row without partner with zeros.
func attentionPairBF16(dst, src []float32, stride, rows, n int) {
	_, _ = dst[(half(rows)-1)*64+n-1], src[(rows-1)*stride+n-1]
	if rows > 1 {
		attentionPairBF16Asm(&dst[0], &src[0], &src[stride], stride, rows/2, n)
	}
	if rows%2 == 1 {
		var zeros [64]float32
		attentionPairBF16Asm(&dst[rows/2*64], &src[(rows-1)*stride], &zeros[0], 0, 1, n)
	}
}
