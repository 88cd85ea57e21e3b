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

// bf16Tile multiplies up to MR rows with half a panel, so that its sums leave registers for the operands.
type bf16Tile func(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias *float32)

// int8Tile is the same for bytes. It needs no start: its instruction multiplies signed bytes, so the zero point is taken out of A.
type int8Tile func(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)

const halfPanel = LowNR / 2

// half returns where half a panel begins that holds column j.
func (t *lowSweep) half(j int) *uint32 { return &t.b[j/LowNR*LowNR*t.steps+j%LowNR] }

func bf16SweepHalves(t *lowSweep, tile bf16Tile) {
	if t.steps == 0 {
		bf16SweepGeneric(t)
		return
	}
	t.bounds()
	for j := 0; j < t.panels*LowNR; j += halfPanel {
		tile(t.rows, t.steps, &t.a[0], t.lda, t.half(j), &t.c[j], t.ldc, &t.bias[j])
	}
}

func int8SweepHalves(t *lowSweep, tile int8Tile) {
	if t.steps == 0 {
		int8SweepGeneric(t)
		return
	}
	t.bounds()
	t.boundsInt8()
	for j := 0; j < t.panels*LowNR; j += halfPanel {
		tile(t.rows, t.steps, &t.a[0], t.lda, t.half(j), &t.c[j], t.ldc, &t.bias[j], &t.rowScales[0], &t.columnScales[j])
	}
}
