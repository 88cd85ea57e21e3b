//go:build !purego

package vector

//go:noescape
func geluNEONAsm(dst, x *float32, n int)

//go:noescape
func geluBackwardNEONAsm(dx, x, dy *float32, n int)

func geluNEON(dst, x []float32) {
	x = x[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { geluNEONAsm(&dst[i], &x[i], n) }); i < len(dst) {
		px := pad(x[i:])
		geluNEONAsm(&px[0], &px[0], 8)
		copy(dst[i:], px[:])
	}
}

func geluBackwardNEON(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	if i := vectors(len(dx), func(i, n int) { geluBackwardNEONAsm(&dx[i], &x[i], &dy[i], n) }); i < len(dx) {
		px, py := pad(x[i:]), pad(dy[i:])
		geluBackwardNEONAsm(&px[0], &px[0], &py[0], 8)
		copy(dx[i:], px[:])
	}
}
