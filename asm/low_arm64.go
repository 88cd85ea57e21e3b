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

// The tile of NEON is half as wide as a panel, so that its sums leave registers for the operands.
const (
	lowNEONMR    = 6
	lowNEONWidth = LowNR / 2
)

// bf16NEON multiplies in float32, which is what its peak is.
func bf16NEON() *LowKernels {
	k := &LowKernels{Name: "neon", Precision: BF16, MR: lowNEONMR, sweep: bf16Sweep128, convert: bf16Convert128}
	k.Peak = func(n int) float64 { return fmaLoopVector(n, 4) }
	return k.finish()
}

// int8NEON needs SDOT, which came with ARMv8.2.
func int8NEON() *LowKernels {
	if !cpu.ARM64.HasASIMDDP {
		return int8Generic()
	}
	k := &LowKernels{Name: "neon", Precision: Int8, MR: lowNEONMR, sweep: int8Sweep128, convert: int8Convert128}
	k.Peak = func(n int) float64 { return inRounds(n, int8PeakNEON) * 12 * 4 * 8 }
	return k.finish()
}

func bf16Sweep128(t *lowSweep) {
	if t.steps == 0 {
		bf16SweepGeneric(t)
		return
	}
	t.bounds()
	for j := 0; j < t.panels*LowNR; j += lowNEONWidth {
		bf16TileNEON(t.rows, t.steps, &t.a[0], t.lda, &t.b[j/LowNR*LowNR*t.steps+j%LowNR], &t.c[j], t.ldc, &t.bias[j])
	}
}

// int8Sweep128 needs no start: SDOT multiplies signed bytes, so the zero point is taken out of A.
func int8Sweep128(t *lowSweep) {
	if t.steps == 0 {
		int8SweepGeneric(t)
		return
	}
	t.bounds()
	t.boundsInt8()
	for j := 0; j < t.panels*LowNR; j += lowNEONWidth {
		int8TileNEON(t.rows, t.steps, &t.a[0], t.lda, &t.b[j/LowNR*LowNR*t.steps+j%LowNR], &t.c[j], t.ldc, &t.bias[j], &t.rowScales[0], &t.columnScales[j])
	}
}

func bf16Convert128(dst []uint32, x []float32) (scale float32) {
	return bf16ConvertVector(dst, x, bf16ConvertNEON)
}

func int8Convert128(dst []uint32, x []float32) (scale float32) {
	return int8ConvertVector(dst, x, maxBitsNEON, int8QuantizeNEON)
}
