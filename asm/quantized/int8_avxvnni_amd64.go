//go:build !purego

package quantized

import "mien/asm/internal/kernel"

//go:noescape
func int8TileAVXVNNIAsm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32, start *int32)

//go:noescape
func int8PeakAVXVNNIAsm(n int)

// int8AVXVNNI is int8AVX2 with VPDPBUSD on 256 bits, which CPUs without AVX-512 have: Intel's since Alder Lake.
func int8AVXVNNI() *Kernels {
	return &Kernels{Name: "avx2", format: int8Format, MR: 6, sweep: int8SweepAVXVNNI,
		convert: int8Convert(maxBitsAVX2Asm, int8QuantizeAVX2Asm),
		Peak:    func(n int) float64 { return kernel.InRounds(n, int8PeakAVXVNNIAsm) * 12 * 8 * 8 }}
}

func int8SweepAVXVNNI(t *sweep) {
	for j := 0; j < t.panels*NR; j += halfPanel {
		int8TileAVXVNNIAsm(t.rows, t.steps, &t.a[0], t.lda, t.half(j), &t.c[j], t.ldc, &t.bias[j], &t.rowScales[0], &t.columnScales[j], &t.start[j])
	}
}
