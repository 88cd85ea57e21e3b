//go:build !purego && (amd64 || arm64)

package vector

import "math"

//go:noescape
func softmaxGradSIMDAsm(dx, y, dy *float32, n int, sum float32)

func softmaxSIMD(dst, x []float32) (lse float32) {
	if len(x) == 0 {
		return float32(math.Inf(-1))
	}
	top := maxSIMD(x, x[0])
	sum := expSumSIMD(dst, x, top)
	scaleSIMD(dst, dst, 1/sum)
	return top + float32(math.Log(float64(sum)))
}

func softmaxBackwardSIMD(dx, y, dy []float32) { softmaxGradSIMD(dx, y, dy, dotSIMD(y, dy)) }

func softmaxGradSIMD(dx, y, dy []float32, delta float32) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	i := vectors(len(dx), func(i, n int) { softmaxGradSIMDAsm(&dx[i], &y[i], &dy[i], n, delta) })
	softmaxGradReference(dx[i:], y[i:], dy[i:], delta)
}
