package quantized

import "math"

// bf16Reference is the reference of the assembly.
func bf16Reference() *Kernels {
	return &Kernels{Name: "generic", format: bf16Format, MR: 4, sweep: bf16SweepReference, convert: bf16ConvertReference,
		words: wordsReference(),
		Peak:  peakReference(bf16Format, bf16SweepReference)}
}

func bf16ConvertReference(dst []uint32, x []float32) (scale float32) {
	clear(dst)
	for i, v := range x {
		dst[i/2] |= uint32(ToBF16(v)) << (16 * (i % 2))
	}
	return 1
}

// bf16SweepReference adds to a sum first the product of a word's upper halves, then that of the lower, each with one rounding, as
// VDPBF16PS does. All implementations give the same bits, except that the instruction treats numbers below 2^−126 as zero.
func bf16SweepReference(t *sweep) {
	for q := range t.panels {
		b, c, bias := t.tile(q)
		for i := range t.rows {
			var sums [NR]float32
			copy(sums[:], bias[i*t.ldBias:])
			for s, a := range t.a[i*t.lda:][:t.steps] {
				low, high := halves(a)
				for j, w := range b[s*NR:][:NR] {
					l, h := halves(w)
					sums[j] = multiplyAdd(low, l, multiplyAdd(high, h, sums[j]))
				}
			}
			copy(c[i*t.ldc:][:NR], sums[:])
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
