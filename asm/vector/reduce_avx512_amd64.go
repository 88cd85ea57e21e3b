//go:build !purego

package vector

//go:noescape
func dotAVX512Asm(a, b *float32, n int) float32

//go:noescape
func squaredDistanceAVX512Asm(a, b *float32, n int) float32

//go:noescape
func sumSquaresAVX512Asm(x *float32, n int, shift float32) (sum, squares float32)

//go:noescape
func maxAVX512Asm(x *float32, n int) float32

func dotAVX512(a, b []float32) (sum float32) {
	b = b[:len(a)]
	chunks(len(a), func(i, n int) { sum += dotAVX512Asm(&a[i], &b[i], n) })
	return sum
}

func squaredDistanceAVX512(a, b []float32) (sum float32) {
	b = b[:len(a)]
	chunks(len(a), func(i, n int) { sum += squaredDistanceAVX512Asm(&a[i], &b[i], n) })
	return sum
}

func sumAVX512(x []float32) float32 {
	sum, _ := sumSquaresAVX512(x, 0)
	return sum
}

// sumSquaresAVX512 returns Σ (x − shift) and Σ (x − shift)².
func sumSquaresAVX512(x []float32, shift float32) (sum, squares float32) {
	chunks(len(x), func(i, n int) {
		s, q := sumSquaresAVX512Asm(&x[i], n, shift)
		sum, squares = sum+s, squares+q
	})
	return sum, squares
}
