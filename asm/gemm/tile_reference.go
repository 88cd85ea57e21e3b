package gemm

import "mien/asm/internal/kernel"

// The tile of plain Go.
const (
	referenceMR = 4
	referenceNR = 8
)

// stripsReference is the reference for the assembly.
func stripsReference[F kernel.Float](strips, rows, columns, k int, a []F, lda int, b, c []F, ldc int, add *Addends[F], ahead []F) {
	tileByTile(referenceNR, tileReference[F])(strips, rows, columns, k, a, lda, b, c, ldc, add, ahead)
}

// tileReference computes a tile of at most 4×8 in local accumulators.
func tileReference[F kernel.Float](rows, columns, k int, a []F, lda int, b []F, c []F, ldc int, add *Addends[F]) {
	for i := range rows {
		var s [referenceNR]F
		row := a[i*lda:]
		for p := range k {
			v := row[p]
			panel := b[p*referenceNR : (p+1)*referenceNR]
			for j := range s {
				s[j] += v * panel[j]
			}
		}
		add.addTo(s[:columns], i)
		copy(c[i*ldc:], s[:columns])
	}
}

// peakReference keeps eight sums in registers.
func peakReference[F kernel.Float](n int) float64 {
	var s0, s1, s2, s3, s4, s5, s6, s7 F
	x := F(n) * 1e-30
	for range n {
		s0, s1, s2, s3 = s0*x+x, s1*x+x, s2*x+x, s3*x+x
		s4, s5, s6, s7 = s4*x+x, s5*x+x, s6*x+x, s7*x+x
	}
	if s0+s1+s2+s3+s4+s5+s6+s7 == 1 {
		return 0 // never: keeps the compiler from removing the sums
	}
	return 16 * float64(n)
}
