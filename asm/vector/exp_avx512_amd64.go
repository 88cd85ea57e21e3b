//go:build !purego

package vector

//go:noescape
func expAVX512Asm(dst, x *float32, n int, shift float32) (sum float32)

//go:noescape
func expBelowAVX512Asm(dst, x *float32, n int, shift float32) (sum float32)

func expAVX512(dst, x []float32, shift float32) {
	x = x[:len(dst)]
	chunks(len(dst), func(i, n int) { expAVX512Asm(&dst[i], &x[i], n, shift) })
}
