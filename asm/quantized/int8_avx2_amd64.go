//go:build !purego

package quantized

import "mien/asm/internal/kernel"

//go:noescape
func int8TileAVX2Asm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)

//go:noescape
func int8PeakAVX2Asm(n int)

//go:noescape
func maxBitsAVX2Asm(x *float32, n int) uint32

//go:noescape
func int8QuantizeAVX2Asm(dst *uint32, x *float32, n int, inverse float32)

func int8AVX2() *Kernels {
	return &Kernels{Name: "avx2", format: int8Format, MR: 4, sweep: int8Halves(int8TileAVX2Asm),
		convert: int8Convert(maxBitsAVX2Asm, int8QuantizeAVX2Asm),
		Peak:    func(n int) float64 { return kernel.InRounds(n, int8PeakAVX2Asm) * 8 * 8 * 8 }}
}
