package vector

import (
	"math"

	"mien/asm/internal/kernel"
)

func adamWReference[F kernel.Float](p, g, m, v []F, h AdamW) {
	for i := range p {
		grad := float64(g[i]) * h.GradScale
		mi := h.Beta1*float64(m[i]) + (1-h.Beta1)*grad
		vi := h.Beta2*float64(v[i]) + (1-h.Beta2)*grad*grad
		m[i], v[i] = F(mi), F(vi)
		step := h.LR / h.Correct1 * mi / (math.Sqrt(vi/h.Correct2) + h.Eps)
		p[i] = F(float64(p[i])*(1-h.LR*h.Decay) - step)
	}
}
