package engine

import (
	"math"

	"mien/asm"
)

func (c *CPU) AdamW(a AdamWArgs) {
	if len(a.Params) > 0 {
		pick(a.Params[0], adamW[float32], adamW[float64])(a)
	}
}

func adamW[F asm.Float](a AdamWArgs) {
	h := asm.AdamW{Beta1: a.Beta1, Beta2: a.Beta2, Eps: a.Eps, GradScale: 1}
	if a.GradScale != nil {
		h.GradScale = float64(host[F](a.GradScale)[0])
	}
	for i := range a.Params {
		p, g, m, v := host[F](a.Params[i]), host[F](a.Grads[i]), host[F](a.M[i]), host[F](a.V[i])
		h.LR, h.Decay = a.LR[i], a.Decay[i]
		h.Correct1 = 1 - math.Pow(a.Beta1, float64(a.Step[i]))
		h.Correct2 = 1 - math.Pow(a.Beta2, float64(a.Step[i]))
		parallelElements(len(p), elementGrain, func(lo, hi int) {
			kernels[F]().AdamW(p[lo:hi], g[lo:hi], m[lo:hi], v[lo:hi], h)
		})
	}
}

func (c *CPU) ClipScale(scale, norm *Tensor, grads []*Tensor, maxNorm float64) {
	pick(scale, clipScale[float32], clipScale[float64])(scale, norm, grads, maxNorm)
}

// clipScale sums squares in blocks of fixed size, the blocks in float64.
func clipScale[F asm.Float](scale, norm *Tensor, grads []*Tensor, maxNorm float64) {
	const size = 4096
	total := 0.0
	for _, g := range grads {
		for v := host[F](g); len(v) > 0; {
			n := min(size, len(v))
			total += float64(kernels[F]().Dot(v[:n], v[:n]))
			v = v[n:]
		}
	}
	host[F](norm)[0] = F(math.Sqrt(total))
	host[F](scale)[0] = F(min(1, maxNorm/(math.Sqrt(total)+1e-6)))
}
