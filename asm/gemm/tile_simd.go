//go:build !purego && (amd64 || arm64)

package gemm

import "mien/asm/internal/kernel"

//go:noescape
func tileSIMDAsm(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends)

//go:noescape
func fmaLoopSIMDAsm(n int)

// The tile of both AVX2 and NEON. Its 96 sums fill twelve registers of eight and leave four for B and A, or 24 registers of
// four out of 32.
const (
	simdMR = 6
	simdNR = 16
)

// tileSIMD computes whole tiles only: one that extends past the edge of C is computed in scratch memory.
func tileSIMD(rows, columns, k int, a []float32, lda int, b []float32, c []float32, ldc int, add *Addends[float32]) {
	_, _, _ = a[(rows-1)*lda+k-1], b[k*simdNR-1], c[(rows-1)*ldc+columns-1]
	var addends tileAddends
	if columns == simdNR {
		addends.locate(add, rows, columns)
		tileSIMDAsm(rows, k, &a[0], lda, &b[0], &c[0], ldc, &addends)
		return
	}
	var tile [simdMR * simdNR]float32
	tileSIMDAsm(rows, k, &a[0], lda, &b[0], &tile[0], simdNR, &addends)
	for r := range rows {
		row := tile[r*simdNR:][:columns]
		add.addTo(row, r)
		copy(c[r*ldc:], row)
	}
}

// peakSIMD runs twelve multiply-adds of a whole register a round.
func peakSIMD(n, lanes int) float64 {
	return kernel.InRounds(n, fmaLoopSIMDAsm) * 12 * float64(lanes) * 2
}
