//go:build !purego

package asm

//go:noescape
func gemmTile1AVX512(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16)

//go:noescape
func gemmTile2AVX512(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16)

//go:noescape
func gemmTile3AVX512(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16)

//go:noescape
func gemmTile4AVX512(rows, k int, a *float32, lda int, b, c *float32, ldc int, add *tileAddends, mask uint16)

//go:noescape
func fmaLoopAVX512(n int)

// The tile of AVX-512: 24 of 32 registers hold sums, four a row of B.
const (
	avx512MR    = 6
	avx512NR    = 64
	avx512Lanes = 16
)

// lastMask says which lanes of the last vector of n elements there are.
func lastMask(n int) uint16 { return uint16(0xFFFF >> (-n & (avx512Lanes - 1))) }

// gemmTileFloat512 has a kernel for each number of vectors, so that narrow matrices pay for what they have.
func gemmTileFloat512(rows, columns, k int, a []float32, lda int, b []float32, c []float32, ldc int, add *Addends[float32]) {
	if k == 0 {
		gemmTileEmpty(rows, columns, c, ldc, add)
		return
	}
	vectors := ceilDiv(columns, avx512Lanes)
	_, _, _ = a[(rows-1)*lda+k-1], b[k*vectors*avx512Lanes-1], c[(rows-1)*ldc+columns-1]
	var addends tileAddends
	addends.locate(add, rows, columns)
	switch mask := lastMask(columns); vectors {
	case 1:
		gemmTile1AVX512(rows, k, &a[0], lda, &b[0], &c[0], ldc, &addends, mask)
	case 2:
		gemmTile2AVX512(rows, k, &a[0], lda, &b[0], &c[0], ldc, &addends, mask)
	case 3:
		gemmTile3AVX512(rows, k, &a[0], lda, &b[0], &c[0], ldc, &addends, mask)
	default:
		gemmTile4AVX512(rows, k, &a[0], lda, &b[0], &c[0], ldc, &addends, mask)
	}
}

// fmaLoop512 runs twelve multiply-adds of a whole register a round.
func fmaLoop512(n int) float64 { return inRounds(n, fmaLoopAVX512) * 12 * avx512Lanes * 2 }
