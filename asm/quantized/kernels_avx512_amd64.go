//go:build !purego

package asm

import "golang.org/x/sys/cpu"

//go:noescape
func bf16TileAVX512(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, ahead *float32, aheadStep int)

//go:noescape
func bf16PeakAVX512(n int)

//go:noescape
func bf16ConvertAVX512(dst *uint32, x *float32, n int)

//go:noescape
func int8TileAVX512(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32, start *int32, ahead *float32, aheadStep int)

//go:noescape
func int8PeakAVX512(n int)

//go:noescape
func maxBitsAVX512(x *float32, n int) uint32

//go:noescape
func int8QuantizeAVX512(dst *uint32, x *float32, n int, inverse float32)

// low512MR is the rows of the tile of AVX-512: 28 of 32 registers hold sums, two a row.
const low512MR = 14

// bf16AVX512 needs an instruction that not every CPU with AVX-512 has.
func bf16AVX512() *LowKernels {
	if !cpu.X86.HasAVX512BF16 {
		return bf16AVX2()
	}
	return &LowKernels{Name: "avx512", Precision: BF16, MR: low512MR, sweep: bf16Sweep512, convert: bf16Convert512,
		Peak: func(n int) float64 { return inRounds(n, bf16PeakAVX512) * 12 * 16 * 4 }}
}

// int8AVX512 needs VNNI.
func int8AVX512() *LowKernels {
	if !cpu.X86.HasAVX512VNNI {
		return int8AVX2()
	}
	return &LowKernels{Name: "avx512", Precision: Int8, MR: low512MR, sweep: int8Sweep512, convert: int8Convert512,
		Peak: func(n int) float64 { return inRounds(n, int8PeakAVX512) * 12 * 16 * 8 }}
}

// fetch512 returns how many elements of what is ahead a tile fetches, and how many bytes of them with four steps.
func (t *lowSweep) fetch512() (n, step int) {
	n = len(t.ahead) / t.panels
	return n, 4 * 4 * n / t.steps
}

func bf16Sweep512(t *lowSweep) {
	if t.steps == 0 {
		bf16SweepGeneric(t)
		return
	}
	t.bounds()
	n, step := t.fetch512()
	for j := 0; j < t.panels*LowNR; j += LowNR {
		bf16TileAVX512(t.rows, t.steps, &t.a[0], t.lda, &t.b[j*t.steps], &t.c[j], t.ldc, &t.bias[j], &t.ahead[j/LowNR*n], step)
	}
}

func int8Sweep512(t *lowSweep) {
	if t.steps == 0 {
		int8SweepGeneric(t)
		return
	}
	t.bounds()
	t.boundsInt8()
	n, step := t.fetch512()
	for j := 0; j < t.panels*LowNR; j += LowNR {
		int8TileAVX512(t.rows, t.steps, &t.a[0], t.lda, &t.b[j*t.steps], &t.c[j], t.ldc, &t.bias[j], &t.rowScales[0], &t.columnScales[j], &t.start[j],
			&t.ahead[j/LowNR*n], step)
	}
}

func bf16Convert512(dst []uint32, x []float32) (scale float32) {
	return bf16ConvertVector(dst, x, bf16ConvertAVX512)
}

func int8Convert512(dst []uint32, x []float32) (scale float32) {
	return int8ConvertVector(dst, x, maxBitsAVX512, int8QuantizeAVX512)
}
