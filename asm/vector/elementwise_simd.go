//go:build !purego && (amd64 || arm64)

package asm

import "math"

// Kernels that AVX2 and NEON share: the assembly has the same functions on both. It takes a positive multiple of eight elements;
// these wrappers give the rest to plain Go where that rounds alike, and else pad it to a vector: an element's bits may
// not depend on where a slice was cut.

//go:noescape
func addAsm(dst, a, b *float32, n int)

//go:noescape
func subAsm(dst, a, b *float32, n int)

//go:noescape
func mulAsm(dst, a, b *float32, n int)

//go:noescape
func scaleAsm(dst, x *float32, n int, s float32)

//go:noescape
func axpyAsm(dst, x *float32, n int, s float32)

//go:noescape
func dotAsm(a, b *float32, n int) float32

//go:noescape
func sumSquaresAsm(x *float32, n int, shift float32) (sum, squares float32)

//go:noescape
func maxAsm(x *float32, n int) float32

//go:noescape
func expAsm(dst, x *float32, n int, shift float32) (sum float32)

//go:noescape
func softmaxGradAsm(dx, y, dy *float32, n int, sum float32)

//go:noescape
func squaredDistanceAsm(a, b *float32, n int) float32

// Assembly can't be preempted, so that no call takes more than this many elements: some tens of microseconds.
const maxElements = 1 << 16

// vectors calls fn on parts of at most maxElements, as many whole vectors as n has, and returns where the rest begins.
func vectors(n int, fn func(from, n int)) (rest int) {
	rest = n &^ 7
	for from := 0; from < rest; from += maxElements {
		fn(from, min(maxElements, rest-from))
	}
	return rest
}

// pad fills up the last, incomplete vector of a slice with zeros.
func pad(x []float32) (v [8]float32) {
	copy(v[:], x)
	return v
}

func addVector(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { addAsm(&dst[i], &a[i], &b[i], n) })
	addGeneric(dst[i:], a[i:], b[i:])
}

func subVector(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { subAsm(&dst[i], &a[i], &b[i], n) })
	subGeneric(dst[i:], a[i:], b[i:])
}

func mulVector(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { mulAsm(&dst[i], &a[i], &b[i], n) })
	mulGeneric(dst[i:], a[i:], b[i:])
}

func scaleVector(dst, x []float32, s float32) {
	x = x[:len(dst)]
	i := vectors(len(dst), func(i, n int) { scaleAsm(&dst[i], &x[i], n, s) })
	scaleGeneric(dst[i:], x[i:], s)
}

func axpyVector(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { axpyAsm(&dst[i], &x[i], n, s) }); i < len(dst) {
		pd, px := pad(dst[i:]), pad(x[i:])
		axpyAsm(&pd[0], &px[0], 8, s)
		copy(dst[i:], pd[:])
	}
}

func dotVector(a, b []float32) (sum float32) {
	b = b[:len(a)]
	i := vectors(len(a), func(i, n int) { sum += dotAsm(&a[i], &b[i], n) })
	for ; i < len(a); i++ {
		sum += a[i] * b[i]
	}
	return sum
}

func squaredDistanceVector(a, b []float32) (sum float32) {
	b = b[:len(a)]
	i := vectors(len(a), func(i, n int) { sum += squaredDistanceAsm(&a[i], &b[i], n) })
	for ; i < len(a); i++ {
		d := a[i] - b[i]
		sum += d * d
	}
	return sum
}

func sumVector(x []float32) float32 {
	sum, _ := sumSquares(x, 0)
	return sum
}

// sumSquares returns Σ (x − shift) and Σ (x − shift)².
func sumSquares(x []float32, shift float32) (sum, squares float32) {
	i := vectors(len(x), func(i, n int) {
		s, q := sumSquaresAsm(&x[i], n, shift)
		sum, squares = sum+s, squares+q
	})
	for ; i < len(x); i++ {
		d := x[i] - shift
		sum, squares = sum+d, squares+d*d
	}
	return sum, squares
}

func expVector(dst, x []float32, shift float32) { expSum(dst, x, shift) }

// expSum computes dst = exp(x − shift) and returns Σ dst. The last, incomplete vector is padded with −∞, whose exp is 0.
func expSum(dst, x []float32, shift float32) (sum float32) {
	x = x[:len(dst)]
	i := vectors(len(dst), func(i, n int) { sum += expAsm(&dst[i], &x[i], n, shift) })
	if i < len(dst) {
		var last [8]float32
		for j := range last {
			last[j] = float32(math.Inf(-1))
		}
		for j, v := range x[i:] {
			last[j] = v - shift // here, as the padding of a shift of −∞ would be NaN
		}
		sum += expAsm(&last[0], &last[0], 8, 0)
		copy(dst[i:], last[:])
	}
	return sum
}

func softmaxVector(dst, x []float32) (lse float32) {
	if len(x) == 0 {
		return float32(math.Inf(-1))
	}
	top := x[0]
	i := vectors(len(x), func(i, n int) { top = max(top, maxAsm(&x[i], n)) })
	for _, v := range x[i:] {
		top = max(top, v)
	}
	sum := expSum(dst, x, top)
	scaleVector(dst, dst, 1/sum)
	return top + float32(math.Log(float64(sum)))
}

func softmaxBackwardVector(dx, y, dy []float32) {
	softmaxGradVector(dx, y, dy, dotVector(y, dy))
}

func softmaxGradVector(dx, y, dy []float32, delta float32) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	i := vectors(len(dx), func(i, n int) { softmaxGradAsm(&dx[i], &y[i], &dy[i], n, delta) })
	softmaxGradGeneric(dx[i:], y[i:], dy[i:], delta)
}
