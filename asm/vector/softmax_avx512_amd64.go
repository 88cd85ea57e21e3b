//go:build !purego

package vector

import "math"

//go:noescape
func softmaxGradAVX512Asm(dx, y, dy *float32, n int, delta float32)

func softmaxAVX512(dst, x []float32) (lse float32) {
	if len(x) == 0 {
		return float32(math.Inf(-1))
	}
	top := x[0]
	chunks(len(x), func(i, n int) { top = max(top, maxAVX512Asm(&x[i], n)) })
	dst = dst[:len(x)]
	sum := float32(0)
	chunks(len(x), func(i, n int) { sum += expBelowAVX512Asm(&dst[i], &x[i], n, top) })
	scaleAVX512(dst, dst, 1/sum)
	return top + float32(math.Log(float64(sum)))
}

func softmaxBackwardAVX512(dx, y, dy []float32) { softmaxGradAVX512(dx, y, dy, dotAVX512(y, dy)) }

func softmaxGradAVX512(dx, y, dy []float32, delta float32) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	chunks(len(dx), func(i, n int) { softmaxGradAVX512Asm(&dx[i], &y[i], &dy[i], n, delta) })
}
