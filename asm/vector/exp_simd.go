//go:build !purego && (amd64 || arm64)

package vector

import "math"

//go:noescape
func expSIMDAsm(dst, x *float32, n int, shift float32) (sum float32)

func expSIMD(dst, x []float32, shift float32) { expSumSIMD(dst, x, shift) }

// expSumSIMD computes dst = exp(x − shift) and returns Σ dst. The last, incomplete vector is padded with −∞, whose exp is 0.
func expSumSIMD(dst, x []float32, shift float32) (sum float32) {
	x = x[:len(dst)]
	i := vectors(len(dst), func(i, n int) { sum += expSIMDAsm(&dst[i], &x[i], n, shift) })
	if i < len(dst) {
		var last [8]float32
		for j := range last {
			last[j] = float32(math.Inf(-1))
		}
		for j, v := range x[i:] {
			last[j] = v - shift // subtracted here: with a shift of −∞ the padding would become NaN
		}
		sum += expSIMDAsm(&last[0], &last[0], 8, 0)
		copy(dst[i:], last[:])
	}
	return sum
}
