package vector

import (
	"math"

	"mien/asm/internal/kernel"
)

func layerNormReference[F kernel.Float](dst, x, gamma, beta []F, eps F) (mean, rstd F) {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	n := float64(len(x))
	mu := sum / n
	squares := 0.0
	for _, v := range x {
		d := float64(v) - mu
		squares += d * d
	}
	r := 1 / math.Sqrt(squares/n+float64(eps))
	for i, v := range x {
		dst[i] = F((float64(v)-mu)*r)*gamma[i] + beta[i]
	}
	return F(mu), F(r)
}

func layerNormBackwardReference[F kernel.Float](dx, dgamma, dbeta, x, gamma, dy []F, mean, rstd F) {
	var sumG, sumGX float64
	for i, v := range x {
		xhat := (v - mean) * rstd
		g := dy[i] * gamma[i]
		sumG += float64(g)
		sumGX += float64(g) * float64(xhat)
		dgamma[i] += dy[i] * xhat
		dbeta[i] += dy[i]
	}
	n := float64(len(x))
	meanG, meanGX := F(sumG/n), F(sumGX/n)
	for i, v := range x {
		xhat := (v - mean) * rstd
		dx[i] += rstd * (dy[i]*gamma[i] - meanG - xhat*meanGX)
	}
}
