//go:build !purego && (amd64 || arm64)

package asm

//go:noescape
func gemmTileAsm(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends)

//go:noescape
func fmaLoopAsm(n int)

// The tile of both AVX2 and NEON. Its 96 sums fill twelve registers of eight and leave four for B and A, or 24 registers of
// four out of 32.
const (
	vectorMR = 6
	vectorNR = 16
)

// gemmTileVector computes whole tiles only: one past the edge of C goes into memory of its own.
func gemmTileVector(rows, columns, k int, a []float32, lda int, b []float32, c []float32, ldc int, add *Addends[float32]) {
	if k == 0 {
		gemmStripGeneric(rows, columns, k, a, lda, b, c, ldc, add)
		return
	}
	_, _, _ = a[(rows-1)*lda+k-1], b[k*vectorNR-1], c[(rows-1)*ldc+columns-1]
	var addends tileAddends
	if columns == vectorNR {
		addends.locate(add, rows, columns)
		gemmTileAsm(rows, k, &a[0], lda, &b[0], &c[0], ldc, &addends)
		return
	}
	var tile [vectorMR * vectorNR]float32
	gemmTileAsm(rows, k, &a[0], lda, &b[0], &tile[0], vectorNR, &addends)
	for r := range rows {
		row := tile[r*vectorNR:][:columns]
		add.addTo(row, r)
		copy(c[r*ldc:], row)
	}
}

// fmaLoopVector runs twelve multiply-adds of a whole register a round.
func fmaLoopVector(n, lanes int) float64 { return inRounds(n, fmaLoopAsm) * 12 * float64(lanes) * 2 }

// inRounds runs n ≥ 1 rounds of a loop on registers, some tens of microseconds a call as none can be preempted, and returns n.
func inRounds(n int, loop func(n int)) float64 {
	const most = 1 << 14
	for left := n; left > 0; left -= most {
		loop(min(left, most))
	}
	return float64(n)
}
