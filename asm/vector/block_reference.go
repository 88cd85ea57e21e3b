package vector

import (
	"math"

	"mien/asm/internal/kernel"
)

func onlineSoftmaxReference[F kernel.Float](s []F, lds, rows, n int, top, sum, alpha []F) {
	for r := range rows {
		row, m := s[r*lds:][:n], top[r]
		for _, v := range row {
			if v > m {
				m = v
			}
		}
		alpha[r] = shrink(top[r], m)
		expReference(row, row, m)
		sum[r] = alpha[r]*sum[r] + sumReference(row)
		top[r] = m
	}
}

// shrink is exp(top − m), mostly 1, as most blocks contain no new maximum.
func shrink[F kernel.Float](top, m F) F {
	if top == m {
		return 1
	}
	return F(math.Exp(float64(top - m)))
}

func logSumExpReference[F kernel.Float](lse, inverse, top, sum []F, scale F) {
	for r, v := range sum {
		lse[r] = F(float64(scale)*float64(top[r]) + math.Log(float64(v)))
		inverse[r] = 1 / v
	}
}

// scaleRows builds ScaleRows from Scale.
func scaleRows[F kernel.Float](scale func(dst, x []F, s F)) func(dst []F, ldd int, src []F, lds, rows, n int, factors []F) {
	return func(dst []F, ldd int, src []F, lds, rows, n int, factors []F) {
		step := min(len(factors)-1, 1)
		for r := range rows {
			to, from := dst[r*ldd:][:n], src[r*lds:][:n]
			if f := factors[r*step]; f == 1 {
				copy(to, from)
			} else {
				scale(to, from, f)
			}
		}
	}
}

// logitGrad builds LogitGrad from Exp and SoftmaxGrad.
func logitGrad[F kernel.Float](exp func(dst, x []F, shift F), grad func(dx, y, dy []F, delta F)) func(s, dp []F, ld, rows, n int, lse, delta []F) {
	return func(s, dp []F, ld, rows, n int, lse, delta []F) {
		for r := range rows {
			p, g := s[r*ld:][:n], dp[r*ld:][:n]
			exp(p, p, lse[r])
			grad(g, p, g, delta[r])
		}
	}
}
