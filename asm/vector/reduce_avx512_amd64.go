//go:build !purego

package vector

import "mien/asm/internal/kernel"

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
	for i := 0; i < len(a); i += kernel.MaxElements {
		sum += dotAVX512Asm(&a[i], &b[i], min(kernel.MaxElements, len(a)-i))
	}
	return sum
}

func squaredDistanceAVX512(a, b []float32) (sum float32) {
	b = b[:len(a)]
	for i := 0; i < len(a); i += kernel.MaxElements {
		sum += squaredDistanceAVX512Asm(&a[i], &b[i], min(kernel.MaxElements, len(a)-i))
	}
	return sum
}

func sumAVX512(x []float32) float32 {
	sum, _ := sumSquaresAVX512(x, 0)
	return sum
}

// sumSquaresAVX512 returns Σ (x − shift) and Σ (x − shift)².
func sumSquaresAVX512(x []float32, shift float32) (sum, squares float32) {
	for i := 0; i < len(x); i += kernel.MaxElements {
		s, q := sumSquaresAVX512Asm(&x[i], min(kernel.MaxElements, len(x)-i), shift)
		sum, squares = sum+s, squares+q
	}
	return sum, squares
}
