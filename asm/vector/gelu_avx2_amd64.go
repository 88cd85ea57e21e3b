//go:build !purego

package vector

//go:noescape
func geluAVX2Asm(dst, x *float32, n int, t *float32)

//go:noescape
func geluBackwardAVX2Asm(dx, x, dy *float32, n int, t *float32)

var (
	normalPiecesAVX2 = newPieces(normalTail, normalEnd, 8, 8)
	slopePiecesAVX2  = newPieces(slopeTail, slopeEnd, 8, 8)
)

func geluAVX2(dst, x []float32) {
	x = x[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { geluAVX2Asm(&dst[i], &x[i], n, &normalPiecesAVX2[0]) }); i < len(dst) {
		px := pad(x[i:])
		geluAVX2Asm(&px[0], &px[0], 8, &normalPiecesAVX2[0])
		copy(dst[i:], px[:])
	}
}

func geluBackwardAVX2(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	if i := vectors(len(dx), func(i, n int) { geluBackwardAVX2Asm(&dx[i], &x[i], &dy[i], n, &slopePiecesAVX2[0]) }); i < len(dx) {
		px, py := pad(x[i:]), pad(dy[i:])
		geluBackwardAVX2Asm(&px[0], &px[0], &py[0], 8, &slopePiecesAVX2[0])
		copy(dx[i:], px[:])
	}
}
