package vector

import (
	"math"

	"mien/asm/internal/kernel"
)

func softmaxReference[F kernel.Float](dst, x []F) (lse F) {
	if len(x) == 0 {
		return F(math.Inf(-1))
	}
	top := x[0]
	for _, v := range x {
		top = max(top, v) // NaN wins
	}
	sum := 0.0
	for i, v := range x {
		e := math.Exp(float64(v - top))
		sum += e
		dst[i] = F(e)
	}
	for i := range dst {
		dst[i] = F(float64(dst[i]) / sum)
	}
	return F(float64(top) + math.Log(sum))
}

func softmaxBackwardReference[F kernel.Float](dx, y, dy []F) {
	softmaxGradReference(dx, y, dy, dotReference(y, dy))
}

func softmaxGradReference[F kernel.Float](dx, y, dy []F, delta F) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	for i := range dx {
		dx[i] = y[i] * (dy[i] - delta)
	}
}
