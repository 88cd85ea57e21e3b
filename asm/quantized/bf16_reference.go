package asm

import "math"

// ToBF16 rounds to the nearest bfloat16, to the even one of two, and returns its bits: the upper half of a float32's. NaN stays
// NaN, and what is too small for a normal number becomes zero, as in the instructions of AVX-512.
func ToBF16(x float32) uint16 {
	b := math.Float32bits(x)
	switch exponent := b & 0x7F800000; {
	case exponent == 0:
		return uint16(b>>16) & 0x8000
	case x != x:
		return uint16(b>>16) | 0x40 // a quiet one
	}
	return uint16((b + 0x7FFF + b>>16&1) >> 16)
}

// FromBF16 returns the number whose bits are b.
func FromBF16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// PackBF16 packs weights [n, k], the bits of bfloat16s, to be multiplied many times.
func PackBF16(w []uint16, n, k int) *LowPanels {
	return &LowPanels{Precision: BF16, N: n, K: k, words: packWords(BF16, w, n, k)}
}

// bf16Generic is the twin of the assembly.
func bf16Generic() *LowKernels {
	return &LowKernels{Name: "generic", Precision: BF16, MR: 4, sweep: bf16SweepGeneric, convert: bf16ConvertGeneric,
		Peak: bf16PeakGeneric}
}

func bf16ConvertGeneric(dst []uint32, x []float32) (scale float32) {
	for s := range dst {
		dst[s] = uint32(ToBF16(x[2*s]))
		if 2*s+1 < len(x) {
			dst[s] |= uint32(ToBF16(x[2*s+1])) << 16
		}
	}
	return 1
}

// bf16SweepGeneric adds to a sum first the product of a word's upper halves, then that of the lower, each with one rounding: so
// does VDPBF16PS. All implementations give the same bits, except that the instruction takes numbers below 2^−126 for zero.
func bf16SweepGeneric(t *lowSweep) {
	for q := range t.panels {
		b, c, bias := t.tile(q)
		for i := range t.rows {
			var sums [LowNR]float32
			copy(sums[:], bias)
			for s, a := range t.a[i*t.lda:][:t.steps] {
				low, high := halves(a)
				for j, w := range b[s*LowNR:][:LowNR] {
					l, h := halves(w)
					sums[j] = multiplyAdd(low, l, multiplyAdd(high, h, sums[j]))
				}
			}
			copy(c[i*t.ldc:][:LowNR], sums[:])
		}
	}
}

// halves returns the two bfloat16s of a word.
func halves(w uint32) (low, high float32) {
	return math.Float32frombits(w << 16), math.Float32frombits(w & 0xFFFF0000)
}

// multiplyAdd returns a·b + c with one rounding, for a and b of bfloat16's eight bits: whatever float64 cannot hold of the sum is
// too small to be half a place of a float32.
func multiplyAdd(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

// bf16PeakGeneric multiplies in the cache: plain Go has no registers of its own.
func bf16PeakGeneric(n int) float64 {
	const steps = 32
	var c, bias [LowNR]float32
	t := &lowSweep{rows: 1, steps: steps, panels: 1, a: make([]uint32, steps), b: make([]uint32, steps*LowNR),
		c: c[:], bias: bias[:]}
	for range n {
		bf16SweepGeneric(t)
	}
	return float64(n) * steps * LowNR * 4
}
