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

func geluVectors(dst, x *float32, n int) { geluAVX2Asm(dst, x, n, &normalPiecesAVX2[0]) }

func geluBackwardVectors(dx, x, dy *float32, n int) {
	geluBackwardAVX2Asm(dx, x, dy, n, &slopePiecesAVX2[0])
}
