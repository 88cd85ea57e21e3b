//go:build !purego

package gemm

// inBlocks builds a transposition from one that transposes a row of square blocks of the given size in registers. The last blocks overlap
// those before where the size does not divide the matrix; one smaller than a block is done in plain Go.
func inBlocks(size int, row func(dst *float32, ldd int, src *float32, lds, blocks int)) func(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	return func(dst []float32, ldd int, src []float32, lds, rows, columns int) {
		if rows < size || columns < size {
			transposeReference(dst, ldd, src, lds, rows, columns)
			return
		}
		_, _ = dst[(columns-1)*ldd+rows-1], src[(rows-1)*lds+columns-1]
		for from := 0; from < rows; from += size {
			i, j := min(from, rows-size), columns-size
			row(&dst[i], ldd, &src[i*lds], lds, columns/size)
			if columns%size > 0 {
				row(&dst[j*ldd+i], ldd, &src[i*lds+j], lds, 1)
			}
		}
	}
}
