//go:build !purego

package vector

import "math"

//go:noescape
func expAVX512Asm(dst, x *float32, n int, shift float32, roots *[16]float32) (sum float32)

//go:noescape
func expBelowAVX512Asm(dst, x *float32, n int, shift float32, roots *[16]float32) (sum float32)

// roots holds 2^(i/16).
var roots = func() (r [16]float32) {
	for i := range r {
		r[i] = float32(math.Exp2(float64(i) / 16))
	}
	return r
}()

func expAVX512(dst, x []float32, shift float32) {
	x = x[:len(dst)]
	chunks(len(dst), func(i, n int) { expAVX512Asm(&dst[i], &x[i], n, shift, &roots) })
}
