//go:build !purego

package gemm

//go:noescape
func transposeAVX2Asm(dst *float32, ldd int, src *float32, lds, blocks int)

//go:noescape
func copyRowsAVX2Asm(dst *float32, ldd int, src *float32, lds, rows int)

// packRowsAVX2 is for rows of a panel's width.
func packRowsAVX2(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	if columns != simdNR {
		copyRowsReference(dst, ldd, src, lds, rows, columns)
		return
	}
	_, _ = dst[(rows-1)*ldd+simdNR-1], src[(rows-1)*lds+simdNR-1]
	copyRowsAVX2Asm(&dst[0], ldd, &src[0], lds, rows)
}
