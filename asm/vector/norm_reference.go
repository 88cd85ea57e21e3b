package asm

import "math"

// Rows: softmax, GELU and layer norm, in plain Go. Sums are kept in float64, so that at float32 the twin is
// the more exact of two implementations.

func expGeneric[F Float](dst, x []F, shift F) {
	for i, v := range x {
		dst[i] = F(math.Exp(float64(v - shift)))
	}
}

func softmaxGeneric[F Float](dst, x []F) (lse F) {
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

func softmaxBackwardGeneric[F Float](dx, y, dy []F) {
	softmaxGradGeneric(dx, y, dy, dotGeneric(y, dy))
}

func softmaxGradGeneric[F Float](dx, y, dy []F, delta F) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	for i := range dx {
		dx[i] = y[i] * (dy[i] - delta)
	}
}

// normalCDF is Φ(x), the standard normal distribution function. erfc keeps its precision for negative x.
func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

// normalPDF is φ(x), its density.
func normalPDF(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

func geluGeneric[F Float](dst, x []F) {
	for i, v := range x {
		dst[i] = F(float64(v) * normalCDF(float64(v)))
	}
}

func geluBackwardGeneric[F Float](dx, x, dy []F) {
	for i, v := range x {
		u := float64(v)
		dx[i] = F(float64(dy[i]) * (normalCDF(u) + u*normalPDF(u)))
	}
}

func layerNormGeneric[F Float](dst, x, gamma, beta []F, eps F) (mean, rstd F) {
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

func layerNormBackwardGeneric[F Float](dx, dgamma, dbeta, x, gamma, dy []F, mean, rstd F) {
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
		dx[i] = rstd * (dy[i]*gamma[i] - meanG - xhat*meanGX)
	}
}

func adamWGeneric[F Float](p, g, m, v []F, h AdamW) {
	for i := range p {
		grad := float64(g[i]) * h.GradScale
		mi := h.Beta1*float64(m[i]) + (1-h.Beta1)*grad
		vi := h.Beta2*float64(v[i]) + (1-h.Beta2)*grad*grad
		m[i], v[i] = F(mi), F(vi)
		step := h.LR / h.Correct1 * mi / (math.Sqrt(vi/h.Correct2) + h.Eps)
		p[i] = F(float64(p[i])*(1-h.LR*h.Decay) - step)
	}
}
