package vector

import (
	"math"

	"mien/asm/internal/kernel"
)

// normalCDF is Φ(x), the standard normal distribution function. erfc keeps its precision for negative x.
func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

// normalPDF is φ(x), its density.
func normalPDF(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

func geluReference[F kernel.Float](dst, x []F) {
	for i, v := range x {
		dst[i] = F(float64(v) * normalCDF(float64(v)))
	}
}

func geluBackwardReference[F kernel.Float](dx, x, dy []F) {
	for i, v := range x {
		u := float64(v)
		dx[i] = F(float64(dy[i]) * (normalCDF(u) + u*normalPDF(u)))
	}
}
