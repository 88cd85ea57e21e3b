package attention

import (
	"math"

	"mien/asm/internal/kernel"
)

func (k *Kernels[F]) softmaxReference(s []F, lds, rows, n int, top, sum, alpha []F) {
	for r := range rows {
		row := s[r*lds:][:n]
		m := max(top[r], k.vector.Max(row))
		alpha[r] = shrink(top[r], m)
		sum[r] = alpha[r]*sum[r] + k.vector.ExpSum(row, row, m)
		top[r] = m
	}
}

// shrink is exp(top − m), mostly 1 as most blocks bring no new maximum.
func shrink[F kernel.Float](top, m F) F {
	if top == m {
		return 1
	}
	return F(math.Exp(float64(top - m)))
}

func (k *Kernels[F]) scaleReference(dst []F, ldd int, src []F, lds, rows, n int, factors []F) {
	step := min(len(factors)-1, 1)
	for r := range rows {
		to, from := dst[r*ldd:][:n], src[r*lds:][:n]
		if f := factors[r*step]; f == 1 {
			copy(to, from)
		} else {
			k.vector.Scale(to, from, f)
		}
	}
}

func (k *Kernels[F]) gradReference(s, dp []F, ld, rows, n int, lse, delta []F) {
	for r := range rows {
		p, g := s[r*ld:][:n], dp[r*ld:][:n]
		k.vector.Exp(p, p, lse[r])
		k.vector.SoftmaxGrad(g, p, g, delta[r])
	}
}
