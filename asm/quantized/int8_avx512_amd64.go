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
	const mostSteps = 8 << 10 // of a call of more than one panel, 30 µs
	n, step := t.fetchAVX512()
	most := max(1, mostSteps/t.steps)
	for q := 0; q < t.panels; q += most {
		j := q * NR
		int8SweepAVX512Asm(min(most, t.panels-q), t.rows, t.steps, &t.a[0], t.lda, &t.b[j*t.steps], &t.c[j], t.ldc, &t.bias[j],
			&t.rowScales[0], &t.columnScales[j], &t.start[j], &t.ahead.x[q*n], 4*n, step)
	}
}
