//go:build !purego

package vector

import "mien/asm/internal/kernel"

//go:noescape
func gelu512(dst, x *float32, n int, t *float32)

//go:noescape
func geluBackward512(dx, x, dy *float32, n int, t *float32)

var (
	normalPieces512 = newPieces(normalTail, normalEnd, 16, 5)
	slopePieces512  = newPieces(slopeTail, slopeEnd, 16, 5)
)

func geluAVX512(dst, x []float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += kernel.MaxElements {
		gelu512(&dst[i], &x[i], min(kernel.MaxElements, len(dst)-i), &normalPieces512[0])
	}
}

func geluBackwardAVX512(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	for i := 0; i < len(dx); i += kernel.MaxElements {
		geluBackward512(&dx[i], &x[i], &dy[i], min(kernel.MaxElements, len(dx)-i), &slopePieces512[0])
	}
}
