//go:build !purego

package vector

//go:noescape
func geluAVX512Asm(dst, x *float32, n int, t *float32)

//go:noescape
func geluBackwardAVX512Asm(dx, x, dy *float32, n int, t *float32)

var (
	normalPiecesAVX512 = newPieces(normalTail, normalEnd, 16, 5)
	slopePiecesAVX512  = newPieces(slopeTail, slopeEnd, 16, 5)
)

func geluAVX512(dst, x []float32) {
	x = x[:len(dst)]
	chunks(len(dst), func(i, n int) { geluAVX512Asm(&dst[i], &x[i], n, &normalPiecesAVX512[0]) })
}

func geluBackwardAVX512(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	chunks(len(dx), func(i, n int) { geluBackwardAVX512Asm(&dx[i], &x[i], &dy[i], n, &slopePiecesAVX512[0]) })
}
