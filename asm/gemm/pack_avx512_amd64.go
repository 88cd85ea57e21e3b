//go:build !purego

package gemm

import "mien/asm/internal/kernel"

//go:noescape
func transposeAVX512Asm(dst *float32, ldd int, src *float32, lds, blocks int)

//go:noescape
func copyRowsAVX512Asm(dst *float32, ldd int, src *float32, lds, rows, vectors int, mask uint16)

func packRowsAVX512(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	vectors := kernel.CeilDiv(columns, avx512Lanes)
	_, _ = dst[(rows-1)*ldd+vectors*avx512Lanes-1], src[(rows-1)*lds+columns-1]
	copyRowsAVX512Asm(&dst[0], ldd, &src[0], lds, rows, vectors, lastMask(columns))
}
