//go:build !purego

package asm

import "golang.org/x/sys/cpu"

//go:noescape
func bf16TileNEON(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)

//go:noescape
func bf16ConvertNEON(dst *uint32, x *float32, n int)

//go:noescape
func int8TileNEON(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)

//go:noescape
func int8PeakNEON(n int)

//go:noescape
func maxBitsNEON(x *float32, n int) uint32

//go:noescape
func int8QuantizeNEON(dst *uint32, x *float32, n int, inverse float32)

// lowNEONMR is the rows of the tiles of NEON.
const lowNEONMR = 6

// bf16NEON multiplies in float32, which is what its peak is.
func bf16NEON() *LowKernels {
	return &LowKernels{Name: "neon", Precision: BF16, MR: lowNEONMR, sweep: bf16Sweep128, convert: bf16Convert128,
		Peak: func(n int) float64 { return fmaLoopVector(n, 4) }}
}

// int8NEON needs SDOT, which came with ARMv8.2.
func int8NEON() *LowKernels {
	if !cpu.ARM64.HasASIMDDP {
		return int8Generic()
	}
	return &LowKernels{Name: "neon", Precision: Int8, MR: lowNEONMR, sweep: int8Sweep128, convert: int8Convert128,
		Peak: func(n int) float64 { return inRounds(n, int8PeakNEON) * 12 * 4 * 8 }}
}

func bf16Sweep128(t *lowSweep) { bf16SweepHalves(t, bf16TileNEON) }

func int8Sweep128(t *lowSweep) { int8SweepHalves(t, int8TileNEON) }

func bf16Convert128(dst []uint32, x []float32) (scale float32) {
	return bf16ConvertVector(dst, x, bf16ConvertNEON)
}

func int8Convert128(dst []uint32, x []float32) (scale float32) {
	return int8ConvertVector(dst, x, maxBitsNEON, int8QuantizeNEON)
}
