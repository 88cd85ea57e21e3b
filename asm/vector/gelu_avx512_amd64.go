//go:build !purego

package vector

import "mien/asm/internal/kernel"

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
	for i := 0; i < len(dst); i += kernel.MaxElements {
		geluAVX512Asm(&dst[i], &x[i], min(kernel.MaxElements, len(dst)-i), &normalPiecesAVX512[0])
	}
}

func geluBackwardAVX512(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	for i := 0; i < len(dx); i += kernel.MaxElements {
		geluBackwardAVX512Asm(&dx[i], &x[i], &dy[i], min(kernel.MaxElements, len(dx)-i), &slopePiecesAVX512[0])
	}
}
