//go:build !purego && (amd64 || arm64)

package vector

//go:noescape
func dotSIMDAsm(a, b *float32, n int) float32

//go:noescape
func sumSquaresSIMDAsm(x *float32, n int, shift float32) (sum, squares float32)

//go:noescape
func squaredDistanceSIMDAsm(a, b *float32, n int) float32

//go:noescape
func maxSIMDAsm(x *float32, n int) float32

func dotSIMD(a, b []float32) (sum float32) {
	b = b[:len(a)]
	i := vectors(len(a), func(i, n int) { sum += dotSIMDAsm(&a[i], &b[i], n) })
	for ; i < len(a); i++ {
		sum += a[i] * b[i]
	}
	return sum
}

func squaredDistanceSIMD(a, b []float32) (sum float32) {
	b = b[:len(a)]
	i := vectors(len(a), func(i, n int) { sum += squaredDistanceSIMDAsm(&a[i], &b[i], n) })
	for ; i < len(a); i++ {
		d := a[i] - b[i]
		sum += d * d
	}
	return sum
}

func sumSIMD(x []float32) float32 {
	sum, _ := sumSquaresSIMD(x, 0)
	return sum
}

// sumSquaresSIMD returns Σ (x − shift) and Σ (x − shift)².
func sumSquaresSIMD(x []float32, shift float32) (sum, squares float32) {
	i := vectors(len(x), func(i, n int) {
		s, q := sumSquaresSIMDAsm(&x[i], n, shift)
		sum, squares = sum+s, squares+q
	})
	for ; i < len(x); i++ {
		d := x[i] - shift
		sum, squares = sum+d, squares+d*d
	}
	return sum, squares
}

// maxSIMD returns the maximum of top and the elements of x; NaN wins.
func maxSIMD(x []float32, top float32) float32 {
	i := vectors(len(x), func(i, n int) { top = max(top, maxSIMDAsm(&x[i], n)) })
	for _, v := range x[i:] {
		top = max(top, v)
	}
	return top
}
