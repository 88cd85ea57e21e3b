//go:build !purego

package asm

import "math"

//go:noescape
func geluAsm(dst, x *float32, n int)

//go:noescape
func geluBackwardAsm(dx, x, dy *float32, n int)

//go:noescape
func normalizeAsm(dst, x, gamma, beta *float32, n int, mean, rstd float32)

//go:noescape
func normGradSumsAsm(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)

//go:noescape
func normGradAsm(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32)

//go:noescape
func adamWAsm(p, grad, m, v *float32, n int, c *[9]float32)

// avx2 is the implementation for AVX2 and FMA.
func avx2() *Kernels[float32] {
	return &Kernels[float32]{
		Name: "avx2", MR: vectorMR, NR: vectorNR, Lanes: vectorNR,
		GemmTile: gemmTileVector, Transpose: transposeFloat256, CopyRows: copyRowsFloat256,
		Add: addVector, Sub: subVector, Mul: mulVector, Scale: scaleVector, Axpy: axpyVector,
		Dot: dotVector, Sum: sumVector, Exp: expVector, Softmax: softmaxVector, SoftmaxBackward: softmaxBackwardVector,
		GELU: geluAVX2, GELUBackward: geluBackwardAVX2,
		LayerNorm: layerNormAVX2, LayerNormBackward: layerNormBackwardAVX2, AdamW: adamWAVX2,
		FMALoop: func(n int) float64 { return fmaLoopVector(n, 8) },
	}
}

func geluAVX2(dst, x []float32) {
	x = x[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { geluAsm(&dst[i], &x[i], n) }); i < len(dst) {
		px := pad(x[i:])
		geluAsm(&px[0], &px[0], 8)
		copy(dst[i:], px[:])
	}
}

func geluBackwardAVX2(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	if i := vectors(len(dx), func(i, n int) { geluBackwardAsm(&dx[i], &x[i], &dy[i], n) }); i < len(dx) {
		px, py := pad(x[i:]), pad(dy[i:])
		geluBackwardAsm(&px[0], &px[0], &py[0], 8)
		copy(dx[i:], px[:])
	}
}

func layerNormAVX2(dst, x, gamma, beta []float32, eps float32) (mean, rstd float32) {
	x, gamma, beta = x[:len(dst)], gamma[:len(dst)], beta[:len(dst)]
	n := float32(len(x))
	sum, _ := sumSquares(x, 0)
	mean = sum / n
	rest, squares := sumSquares(x, mean)
	variance := max(squares/n-(rest/n)*(rest/n), 0) // what rounding left in the mean is taken out again
	if squares != squares {
		variance = squares
	}
	rstd = float32(1 / math.Sqrt(float64(variance)+float64(eps)))
	i := vectors(len(dst), func(i, n int) { normalizeAsm(&dst[i], &x[i], &gamma[i], &beta[i], n, mean, rstd) })
	for ; i < len(dst); i++ {
		dst[i] = (x[i]-mean)*rstd*gamma[i] + beta[i]
	}
	return mean, rstd
}

func layerNormBackwardAVX2(dx, dgamma, dbeta, x, gamma, dy []float32, mean, rstd float32) {
	n := len(dx)
	dgamma, dbeta, x, gamma, dy = dgamma[:n], dbeta[:n], x[:n], gamma[:n], dy[:n]
	var sumG, sumGX float32
	i := vectors(n, func(i, n int) {
		g, gx := normGradSumsAsm(&dgamma[i], &dbeta[i], &x[i], &gamma[i], &dy[i], n, mean, rstd)
		sumG, sumGX = sumG+g, sumGX+gx
	})
	for ; i < n; i++ {
		xhat, g := (x[i]-mean)*rstd, dy[i]*gamma[i]
		sumG, sumGX = sumG+g, sumGX+g*xhat
		dgamma[i] += dy[i] * xhat
		dbeta[i] += dy[i]
	}
	meanG, meanGX := sumG/float32(n), sumGX/float32(n)
	i = vectors(n, func(i, n int) { normGradAsm(&dx[i], &x[i], &gamma[i], &dy[i], n, mean, rstd, meanG, meanGX) })
	for ; i < n; i++ {
		xhat := (x[i] - mean) * rstd
		dx[i] = rstd * (dy[i]*gamma[i] - meanG - xhat*meanGX)
	}
}

func adamWAVX2(p, g, m, v []float32, h AdamW) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	c := [9]float32{float32(h.GradScale), float32(h.Beta1), float32(1 - h.Beta1), float32(h.Beta2), float32(1 - h.Beta2),
		float32(1 / math.Sqrt(h.Correct2)), float32(h.Eps), float32(h.LR / h.Correct1), float32(1 - h.LR*h.Decay)}
	if i := vectors(len(p), func(i, n int) { adamWAsm(&p[i], &g[i], &m[i], &v[i], n, &c) }); i < len(p) {
		pp, pg, pm, pv := pad(p[i:]), pad(g[i:]), pad(m[i:]), pad(v[i:])
		adamWAsm(&pp[0], &pg[0], &pm[0], &pv[0], 8, &c)
		copy(p[i:], pp[:])
		copy(m[i:], pm[:])
		copy(v[i:], pv[:])
	}
}
