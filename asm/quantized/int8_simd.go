//go:build !purego && (amd64 || arm64)

package quantized

// int8Convert builds a conversion of rows from top, which is maxBits, and write, which writes bytes, both of a multiple of 32
// elements. Numbers that write cannot round never reach it: their row has no inverse.
func int8Convert(top func(x *float32, n int) uint32,
	write func(dst *uint32, x *float32, n int, inverse float32)) func(dst []uint32, x []float32) (scale float32) {
	return func(dst []uint32, x []float32) (scale float32) {
		n, bits := len(x)&^31, uint32(0)
		if n > 0 {
			bits = top(&x[0], n)
		}
		scale, inverse := int8Scale(maxBits(bits, x[n:]))
		if n > 0 && inverse != 0 {
			write(&dst[0], &x[0], n, inverse)
			dst, x = dst[n/4:], x[n:]
		}
		int8QuantizeReference(dst, x, inverse)
		return scale
	}
}

// int8Tile multiplies up to MR rows with half a panel, as bf16Tile does. It needs no start: its instruction multiplies signed bytes, so
// the zero point is taken out of A.
type int8Tile func(rows, steps int, a *uint32, lda int, b *uint32, c *float32, ldc int, bias, rowScales, columnScales *float32)

// int8Halves builds a sweep from a tile.
func int8Halves(tile int8Tile) func(t *sweep) {
	return func(t *sweep) {
		for j := 0; j < t.panels*NR; j += halfPanel {
			tile(t.rows, t.steps, &t.a[0], t.lda, t.half(j), &t.c[j], t.ldc, &t.bias[j], &t.rowScales[0], &t.columnScales[j])
		}
	}
}
