package gemm

import "mien/asm/internal/kernel"

// transposeReference writes src [rows, columns] as dst [columns, rows], four rows at a time so that each cache line of dst is
// touched a quarter as often.
func transposeReference[F kernel.Float](dst []F, ldd int, src []F, lds, rows, columns int) {
	r := 0
	for ; r+4 <= rows; r += 4 {
		s0, s1 := src[r*lds:][:columns], src[(r+1)*lds:][:columns]
		s2, s3 := src[(r+2)*lds:][:columns], src[(r+3)*lds:][:columns]
		for c := range s0 {
			to := dst[c*ldd+r : c*ldd+r+4 : c*ldd+r+4]
			to[0], to[1], to[2], to[3] = s0[c], s1[c], s2[c], s3[c]
		}
	}
	for ; r < rows; r++ {
		for c, v := range src[r*lds:][:columns] {
			dst[c*ldd+r] = v
		}
	}
}

func copyRowsReference[F kernel.Float](dst []F, ldd int, src []F, lds, rows, columns int) {
	for r := range rows {
		copy(dst[r*ldd:][:columns], src[r*lds:][:columns])
	}
}
