package asm

import "math"

// zeroPoint stands for 0 among the unsigned bytes of activations, which VPDPBUSD multiplies with signed bytes of weights.
const zeroPoint = 128

// tiny is the largest magnitude of a row that is taken for zero: the reciprocal of its scale would overflow.
const tiny = 0x1p-120

// QuantizeInt8 writes x as values·scale with whole numbers from −127 to 127, rounded to the even one of two, and returns the
// scale, max |x| / 127. A row without finite maximum has the scale NaN, so that its products are NaN.
func QuantizeInt8(values []int8, x []float32) (scale float32) {
	scale, inverse := int8Scale(maxBits(0, x))
	for i, v := range x {
		values[i] = int8(quantize(v, inverse))
	}
	return scale
}

// PackInt8 packs weights [n, k], values·scales with a scale for each of the n rows, to be multiplied many times.
func PackInt8(values []int8, scales []float32, n, k int) *LowPanels {
	p := &LowPanels{Precision: Int8, N: n, K: k, words: packWords(Int8, values, n, k),
		scales: make([]float32, roundUp(n, LowNR)), start: make([]int32, roundUp(n, LowNR))}
	copy(p.scales, scales[:n])
	for j := range n { // Σ (a + 128)·w − 128·Σ w = Σ a·w
		for _, v := range values[j*k:][:k] {
			p.start[j] -= zeroPoint * int32(v)
		}
	}
	return p
}

// maxBits returns the larger of top and the bits of max |x|. As whole numbers, the bits of magnitudes stand in the order of the
// magnitudes, and those of NaN above all.
func maxBits(top uint32, x []float32) uint32 {
	for _, v := range x {
		top = max(top, math.Float32bits(v)&0x7FFFFFFF)
	}
	return top
}

// int8Scale returns the scale of a row and its inverse from the bits of the row's largest magnitude.
func int8Scale(bits uint32) (scale, inverse float32) {
	switch top := math.Float32frombits(bits); {
	case bits >= 0x7F800000: // ±Inf, NaN
		return float32(math.NaN()), 0
	case top < tiny:
		return 0, 0
	default:
		return top / 127, 127 / top
	}
}

// quantize returns v·inverse as a whole number; a NaN, which has a scale of NaN, as 0.
func quantize(v, inverse float32) int32 {
	q := v * inverse
	if q != q {
		return 0
	}
	return int32(math.RoundToEven(float64(q)))
}

// int8Generic is the twin of the assembly.
func int8Generic() *LowKernels {
	return &LowKernels{Name: "generic", Precision: Int8, MR: 4, sweep: int8SweepGeneric, convert: int8ConvertGeneric,
		Peak: int8PeakGeneric}
}

func int8ConvertGeneric(dst []uint32, x []float32) (scale float32) {
	scale, inverse := int8Scale(maxBits(0, x))
	int8QuantizeGeneric(dst, x, inverse)
	return scale
}

// int8QuantizeGeneric writes activations as bytes with zeroPoint for 0, four to a word.
func int8QuantizeGeneric(dst []uint32, x []float32, inverse float32) {
	for s := range dst {
		word := uint32(zeroPoint * 0x01010101)
		for i, v := range x[4*s : min(4*s+4, len(x))] {
			word += uint32(quantize(v, inverse)) << (8 * i)
		}
		dst[s] = word
	}
}

// int8SweepGeneric multiplies unsigned bytes of activations with signed bytes of weights. Sums are exact and scaled in one order,
// without a fused multiply-add, so that all implementations give the same bits.
func int8SweepGeneric(t *lowSweep) {
	for q := range t.panels {
		b, c, bias := t.tile(q)
		columnScales, start := t.scales(q)
		for i := range t.rows {
			var sums [LowNR]int32
			copy(sums[:], start)
			for s, a := range t.a[i*t.lda:][:t.steps] {
				for j, w := range b[s*LowNR:][:LowNR] {
					sums[j] += dot4(a, w)
				}
			}
			for j, sum := range sums {
				c[i*t.ldc+j] = float32(float32(sum)*columnScales[j]*t.rowScales[i]) + bias[j]
			}
		}
	}
}

// dot4 returns the sum of four products, of the unsigned bytes of a and the signed ones of b.
func dot4(a, b uint32) int32 {
	return int32(a&0xFF)*int32(int8(b)) + int32(a>>8&0xFF)*int32(int8(b>>8)) +
		int32(a>>16&0xFF)*int32(int8(b>>16)) + int32(a>>24)*int32(int8(b>>24))
}

// int8PeakGeneric multiplies in the cache: plain Go has no registers of its own.
func int8PeakGeneric(n int) float64 {
	const steps = 32
	var c, scales [LowNR]float32
	t := &lowSweep{rows: 1, steps: steps, panels: 1, a: make([]uint32, steps), b: make([]uint32, steps*LowNR),
		c: c[:], bias: scales[:], rowScales: scales[:], columnScales: scales[:], start: make([]int32, LowNR)}
	for range n {
		int8SweepGeneric(t)
	}
	return float64(n) * steps * LowNR * 8
}
