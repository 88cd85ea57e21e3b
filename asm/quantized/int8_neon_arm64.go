//go:build !purego

package quantized

import "mien/asm/internal/kernel"

//go:noescape
func int8TileNEONAsm(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)

//go:noescape
func int8PeakNEONAsm(n int)

//go:noescape
func maxBitsNEONAsm(x *float32, n int) uint32

//go:noescape
func int8QuantizeNEONAsm(dst *uint32, x *float32, n int, inverse float32)

// int8NEON needs SDOT, which came with ARMv8.2.
func int8NEON() *Kernels {
	return &Kernels{Name: "neon", format: int8Format, MR: 6, sweep: int8Halves(int8TileNEONAsm),
		convert: int8Convert(maxBitsNEONAsm, int8QuantizeNEONAsm),
		Peak:    func(n int) float64 { return kernel.InRounds(n, int8PeakNEONAsm) * 12 * 4 * 8 }}
}
