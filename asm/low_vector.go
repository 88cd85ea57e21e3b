//go:build !purego && (amd64 || arm64)

package asm

// What the wrappers of assembly share. Sums without terms and ends of rows are left to the twin, which rounds alike.

// bounds panics when a sweep reaches beyond its slices: assembly would not.
func (t *lowSweep) bounds() {
	columns := t.panels * LowNR
	_, _, _ = t.a[(t.rows-1)*t.lda+t.steps-1], t.b[columns*t.steps-1], t.c[(t.rows-1)*t.ldc+columns-1]
	_ = t.bias[columns-1]
}

// boundsInt8 is bounds for what int8 has beside it.
func (t *lowSweep) boundsInt8() {
	columns := t.panels * LowNR
	_, _, _ = t.rowScales[t.rows-1], t.columnScales[columns-1], t.start[columns-1]
}

// bf16ConvertVector gives fn a multiple of 32 elements.
func bf16ConvertVector(dst []uint32, x []float32, fn func(dst *uint32, x *float32, n int)) (scale float32) {
	n := len(x) &^ 31
	if n > 0 {
		fn(&dst[0], &x[0], n)
	}
	return bf16ConvertGeneric(dst[n/2:], x[n:])
}

// int8ConvertVector gives top, which is maxBits, and fn, which writes bytes, multiples of 32 elements. Numbers that fn cannot
// round do not get there: their row has no inverse.
func int8ConvertVector(dst []uint32, x []float32, top func(x *float32, n int) uint32,
	fn func(dst *uint32, x *float32, n int, inverse float32)) (scale float32) {
	n, bits := len(x)&^31, uint32(0)
	if n > 0 {
		bits = top(&x[0], n)
	}
	scale, inverse := int8Scale(maxBits(bits, x[n:]))
	if n > 0 && inverse != 0 {
		fn(&dst[0], &x[0], n, inverse)
		dst, x = dst[n/4:], x[n:]
	}
	int8QuantizeGeneric(dst, x, inverse)
	return scale
}
