//go:build !purego

package vector

//go:noescape
func geluAsm(dst, x *float32, n int, t *float32)

//go:noescape
func geluBackwardAsm(dx, x, dy *float32, n int, t *float32)

var (
	normalPieces256 = newPieces(normalTail, normalEnd, 8, 8)
	slopePieces256  = newPieces(slopeTail, slopeEnd, 8, 8)
)

func geluAVX2(dst, x []float32) {
	x = x[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { geluAsm(&dst[i], &x[i], n, &normalPieces256[0]) }); i < len(dst) {
		px := pad(x[i:])
		geluAsm(&px[0], &px[0], 8, &normalPieces256[0])
		copy(dst[i:], px[:])
	}
}

func geluBackwardAVX2(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	if i := vectors(len(dx), func(i, n int) { geluBackwardAsm(&dx[i], &x[i], &dy[i], n, &slopePieces256[0]) }); i < len(dx) {
		px, py := pad(x[i:]), pad(dy[i:])
		geluBackwardAsm(&px[0], &px[0], &py[0], 8, &slopePieces256[0])
		copy(dx[i:], px[:])
	}
}
