//go:build !purego

package asm

//go:noescape
func transposeAVX2(dst *float32, ldd int, src *float32, lds, blocks int)

//go:noescape
func copyRowsAVX2(dst *float32, ldd int, src *float32, lds, rows int)

//go:noescape
func transposeAVX512(dst *float32, ldd int, src *float32, lds, blocks int)

//go:noescape
func copyRowsAVX512(dst *float32, ldd int, src *float32, lds, rows, vectors int, mask uint16)

func transposeFloat256(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	transposeBlocks(transposeAVX2, 8, dst, ldd, src, lds, rows, columns)
}

func transposeFloat512(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	transposeBlocks(transposeAVX512, 16, dst, ldd, src, lds, rows, columns)
}

// transposeBlocks moves square blocks through registers and leaves the edges to plain Go. One call of the assembly takes a row
// of blocks.
func transposeBlocks(fn func(dst *float32, ldd int, src *float32, lds, blocks int), size int,
	dst []float32, ldd int, src []float32, lds, rows, columns int) {
	c := columns - columns%size
	r := rows - rows%size
	if c == 0 {
		r = 0
	}
	if r > 0 {
		_, _ = dst[(c-1)*ldd+r-1], src[(r-1)*lds+c-1]
		for i := 0; i < r; i += size {
			fn(&dst[i], ldd, &src[i*lds], lds, c/size)
		}
		if c < columns {
			transpose(dst[c*ldd:], ldd, src[c:], lds, r, columns-c)
		}
	}
	if r < rows {
		transpose(dst[r:], ldd, src[r*lds:], lds, rows-r, columns)
	}
}

// copyRowsFloat256 is for rows of a panel's width.
func copyRowsFloat256(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	if columns != vectorNR {
		copyRowsGeneric(dst, ldd, src, lds, rows, columns)
		return
	}
	_, _ = dst[(rows-1)*ldd+vectorNR-1], src[(rows-1)*lds+vectorNR-1]
	copyRowsAVX2(&dst[0], ldd, &src[0], lds, rows)
}

func copyRowsFloat512(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	vectors := ceilDiv(columns, avx512Lanes)
	_, _ = dst[(rows-1)*ldd+vectors*avx512Lanes-1], src[(rows-1)*lds+columns-1]
	copyRowsAVX512(&dst[0], ldd, &src[0], lds, rows, vectors, lastMask(columns))
}
