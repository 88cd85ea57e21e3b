//go:build !purego

package quantized

import "mien/asm/internal/kernel"

//go:noescape
func int8SweepAVX512Asm(panels, rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32,
	start *int32, ahead *float32, aheadPanel, aheadStep int)

//go:noescape
func int8PeakAVX512Asm(n int)

//go:noescape
func maxBitsAVX512Asm(x *float32, n int) uint32

//go:noescape
func int8QuantizeAVX512Asm(dst *uint32, x *float32, n int, inverse float32)

// int8AVX512 needs VNNI.
func int8AVX512() *Kernels {
	return &Kernels{Name: "avx512", format: int8Format, MR: avx512MR, sweep: int8SweepAVX512,
		convert: int8Convert(maxBitsAVX512Asm, int8QuantizeAVX512Asm),
		Peak:    func(n int) float64 { return kernel.InRounds(n, int8PeakAVX512Asm) * 12 * 16 * 8 }}
}

func int8SweepAVX512(t *sweep) {
	n, step := t.fetchAVX512()
	int8SweepAVX512Asm(t.panels, t.rows, t.steps, &t.a[0], t.lda, &t.b[0], &t.c[0], t.ldc, &t.bias[0], &t.rowScales[0], &t.columnScales[0],
		&t.start[0], &t.ahead.x[0], 4*n, step)
}
