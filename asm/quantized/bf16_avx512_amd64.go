//go:build !purego

package quantized

import "mien/asm/internal/kernel"

//go:noescape
func bf16TileAVX512Asm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, ahead *float32, aheadStep int)

//go:noescape
func bf16PeakAVX512Asm(n int)

//go:noescape
func bf16ConvertAVX512Asm(dst *uint32, x *float32, n int)

// bf16AVX512 needs AVX512_BF16.
func bf16AVX512() *Kernels {
	return &Kernels{Name: "avx512", format: bf16Format, MR: avx512MR, sweep: bf16SweepAVX512, convert: bf16Convert(bf16ConvertAVX512Asm),
		Peak: func(n int) float64 { return kernel.InRounds(n, bf16PeakAVX512Asm) * 12 * 16 * 4 }}
}

func bf16SweepAVX512(t *sweep) {
	n, step := t.fetchAVX512()
	for j := 0; j < t.panels*NR; j += NR {
		bf16TileAVX512Asm(t.rows, t.steps, &t.a[0], t.lda, &t.b[j*t.steps], &t.c[j], t.ldc, &t.bias[j], &t.ahead[j/NR*n], step)
	}
}
