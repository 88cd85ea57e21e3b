package quantized

// int8Reference is the reference of the assembly.
func int8Reference() *Kernels {
	return &Kernels{Name: "generic", format: int8Format, MR: 4, sweep: int8SweepReference, convert: int8ConvertReference,
		Peak: peakReference(int8Format, int8SweepReference)}
}

func int8ConvertReference(dst []uint32, x []float32) (scale float32) {
	scale, inverse := int8Scale(maxBits(0, x))
	int8QuantizeReference(dst, x, inverse)
	return scale
}

// int8QuantizeReference writes activations as bytes with zeroPoint for 0, four to a word.
func int8QuantizeReference(dst []uint32, x []float32, inverse float32) {
	for s := range dst {
		word := uint32(zeroPoint * 0x01010101)
		for i, v := range x[4*s : min(4*s+4, len(x))] {
			word += uint32(quantize(v, inverse)) << (8 * i)
		}
		dst[s] = word
	}
}

// int8SweepReference multiplies unsigned bytes of activations with signed bytes of weights. Sums are exact and scaled in one order,
// without a fused multiply-add, so that all implementations give the same bits.
func int8SweepReference(t *sweep) {
	for q := range t.panels {
		b, c, bias := t.tile(q)
		columnScales, start := t.columnScales[q*NR:][:NR], t.start[q*NR:][:NR]
		for i := range t.rows {
			var sums [NR]int32
			copy(sums[:], start)
			for s, a := range t.a[i*t.lda:][:t.steps] {
				for j, w := range b[s*NR:][:NR] {
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
