//go:build !purego && (amd64 || arm64)

package vector

func geluSIMD(dst, x []float32) {
	x = x[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { geluVectors(&dst[i], &x[i], n) }); i < len(dst) {
		px := pad(x[i:])
		geluVectors(&px[0], &px[0], 8)
		copy(dst[i:], px[:])
	}
}

func geluBackwardSIMD(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	if i := vectors(len(dx), func(i, n int) { geluBackwardVectors(&dx[i], &x[i], &dy[i], n) }); i < len(dx) {
		px, py := pad(x[i:]), pad(dy[i:])
		geluBackwardVectors(&px[0], &px[0], &py[0], 8)
		copy(dx[i:], px[:])
	}
}
