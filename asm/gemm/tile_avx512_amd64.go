//go:build !purego

package gemm

import "mien/asm/internal/kernel"

//go:noescape
func sweep1AVX512Asm(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16, ahead *float32, aheadStep, strips int)

//go:noescape
func sweep2AVX512Asm(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16, ahead *float32, aheadStep, strips int)

//go:noescape
func sweep3AVX512Asm(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16, ahead *float32, aheadStep, strips int)

//go:noescape
func sweep4AVX512Asm(rows, panels, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16, ahead *float32, aheadStep, strips int)

//go:noescape
func fmaLoopAVX512Asm(n int)

// The tile of AVX-512: 24 of 32 registers hold sums, four a row of B.
const (
	avx512MR    = 6
	avx512NR    = 64
	avx512Lanes = 16

	aheadLines = 4 // fetched of what is ahead in sixteen steps of a panel, which are 64 lines
)

// lastMask returns the mask of the valid lanes in the last vector of n elements.
func lastMask(n int) uint16 { return uint16(0xFFFF >> (-n & (avx512Lanes - 1))) }

// stripsAVX512 has a kernel for each number of vectors, so that narrow matrices cost no more than they must. The one for
// whole panels takes all of them in one call, and meanwhile fetches what is ahead: a sixteenth of what the panels take.
func stripsAVX512(strips, rows, columns, k int, a []float32, lda int, b, c []float32, ldc int, add *Addends[float32], ahead []float32) {
	all := strips * rows
	_, _, _ = a[(all-1)*lda+k-1], b[k*kernel.RoundUp(columns, avx512Lanes)-1], c[(all-1)*ldc+columns-1]
	var addends tileAddends
	if panels := columns / avx512NR; panels > 0 {
		whole := panels * avx512NR
		addends.locate(add, all, whole)
		next, step := &b[0], 0
		if len(ahead) > 0 {
			next, step = &ahead[0], aheadLines*64
		}
		sweep4AVX512Asm(rows, panels, k, &a[0], lda, &b[0], &c[0], ldc, &addends, 0xFFFF, next, step, strips)
		b, c = b[k*whole:], c[whole:]
		columns -= whole
		add.Column += whole
	}
	if columns == 0 {
		return
	}
	addends.locate(add, all, columns)
	switch mask := lastMask(columns); kernel.CeilDiv(columns, avx512Lanes) {
	case 1:
		sweep1AVX512Asm(rows, 1, k, &a[0], lda, &b[0], &c[0], ldc, &addends, mask, &b[0], 0, strips)
	case 2:
		sweep2AVX512Asm(rows, 1, k, &a[0], lda, &b[0], &c[0], ldc, &addends, mask, &b[0], 0, strips)
	case 3:
		sweep3AVX512Asm(rows, 1, k, &a[0], lda, &b[0], &c[0], ldc, &addends, mask, &b[0], 0, strips)
	default:
		sweep4AVX512Asm(rows, 1, k, &a[0], lda, &b[0], &c[0], ldc, &addends, mask, &b[0], 0, strips)
	}
}

// peakAVX512 runs twelve multiply-adds of a whole register a round.
func peakAVX512(n int) float64 { return kernel.InRounds(n, fmaLoopAVX512Asm) * 12 * avx512Lanes * 2 }
