//go:build !purego

package asm

//go:noescape
func gemmTileAsm(rows, k int, a *float32, lda int, b, c *float32, ldc int, accumulate bool)

//go:noescape
func fmaLoopAsm(n int)

// The AVX2 tile: twelve sums of eight, and B and A beside them, fill the sixteen registers.
const (
	avx2MR = 6
	avx2NR = 16
)

func gemmTileAVX2(rows, k int, a []float32, lda int, b []float32, c []float32, ldc int, accumulate bool) {
	if k == 0 {
		gemmTileEmpty(rows, avx2NR, c, ldc, accumulate)
		return
	}
	_, _, _ = a[(rows-1)*lda+k-1], b[k*avx2NR-1], c[(rows-1)*ldc+avx2NR-1]
	gemmTileAsm(rows, k, &a[0], lda, &b[0], &c[0], ldc, accumulate)
}

// gemmTileEmpty is the tile of a sum without terms.
func gemmTileEmpty(rows, nr int, c []float32, ldc int, accumulate bool) {
	for i := range rows {
		if !accumulate {
			clear(c[i*ldc : i*ldc+nr])
		}
	}
}

func fmaLoopAVX2(n int) float64 {
	fmaLoopAsm(max(n, 1))
	return float64(max(n, 1)) * 12 * 8 * 2
}
