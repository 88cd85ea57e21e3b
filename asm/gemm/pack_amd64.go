//go:build !purego

package gemm

// inBlocks builds a transposition from one that transposes a row of square blocks of the given size in registers; edges are done
// in plain Go.
func inBlocks(size int, row func(dst *float32, ldd int, src *float32, lds, blocks int)) func(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	return func(dst []float32, ldd int, src []float32, lds, rows, columns int) {
		c := columns - columns%size
		r := rows - rows%size
		if c == 0 {
			r = 0
		}
		if r > 0 {
			_, _ = dst[(c-1)*ldd+r-1], src[(r-1)*lds+c-1]
			for i := 0; i < r; i += size {
				row(&dst[i], ldd, &src[i*lds], lds, c/size)
			}
			if c < columns {
				transposeReference(dst[c*ldd:], ldd, src[c:], lds, r, columns-c)
			}
		}
		if r < rows {
			transposeReference(dst[r:], ldd, src[r*lds:], lds, rows-r, columns)
		}
	}
}
