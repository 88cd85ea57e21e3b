//go:build !purego

package asm

//go:noescape
func bf16TileAVX2(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)

//go:noescape
func bf16ConvertAVX2(dst *uint32, x *float32, n int)

//go:noescape
func int8TileAVX2(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)

//go:noescape
func int8PeakAVX2(n int)

//go:noescape
func maxBitsAVX2(x *float32, n int) uint32

//go:noescape
func int8QuantizeAVX2(dst *uint32, x *float32, n int, inverse float32)

// Rows of the tiles of AVX2.
const (
	bf16AVX2MR = 6
	int8AVX2MR = 4
)

// bf16AVX2 multiplies in float32, which is what its peak is.
func bf16AVX2() *LowKernels {
	return &LowKernels{Name: "avx2", Precision: BF16, MR: bf16AVX2MR, sweep: bf16Sweep256, convert: bf16Convert256,
		Peak: func(n int) float64 { return fmaLoopVector(n, 8) }}
}

func int8AVX2() *LowKernels {
	return &LowKernels{Name: "avx2", Precision: Int8, MR: int8AVX2MR, sweep: int8Sweep256, convert: int8Convert256,
		Peak: func(n int) float64 { return inRounds(n, int8PeakAVX2) * 8 * 8 * 8 }}
}

func bf16Sweep256(t *lowSweep) { bf16SweepHalves(t, bf16TileAVX2) }

func int8Sweep256(t *lowSweep) { int8SweepHalves(t, int8TileAVX2) }

func bf16Convert256(dst []uint32, x []float32) (scale float32) {
	return bf16ConvertVector(dst, x, bf16ConvertAVX2)
}

func int8Convert256(dst []uint32, x []float32) (scale float32) {
	return int8ConvertVector(dst, x, maxBitsAVX2, int8QuantizeAVX2)
}
