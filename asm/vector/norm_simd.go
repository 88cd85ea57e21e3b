//go:build !purego && (amd64 || arm64)

package vector

import "math"

//go:noescape
func normalizeSIMDAsm(dst, x, gamma, beta *float32, n int, mean, rstd float32)

//go:noescape
func normGradSumsSIMDAsm(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)

//go:noescape
func normGradSIMDAsm(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32)

func layerNormSIMD(dst, x, gamma, beta []float32, eps float32) (mean, rstd float32) {
	x, gamma, beta = x[:len(dst)], gamma[:len(dst)], beta[:len(dst)]
	n := float32(len(x))
	sum, _ := sumSquaresSIMD(x, 0)
	mean = sum / n
	rest, squares := sumSquaresSIMD(x, mean)
	rstd = rstdOf(rest, squares, n, eps)
	i := vectors(len(dst), func(i, n int) { normalizeSIMDAsm(&dst[i], &x[i], &gamma[i], &beta[i], n, mean, rstd) })
	for ; i < len(dst); i++ {
		dst[i] = (x[i]-mean)*rstd*gamma[i] + beta[i]
	}
	return mean, rstd
}

func layerNormBackwardSIMD(dx, dgamma, dbeta, x, gamma, dy []float32, mean, rstd float32) {
	n := len(dx)
	dgamma, dbeta, x, gamma, dy = dgamma[:n], dbeta[:n], x[:n], gamma[:n], dy[:n]
	var sumG, sumGX float32
	i := vectors(n, func(i, n int) {
		g, gx := normGradSumsSIMDAsm(&dgamma[i], &dbeta[i], &x[i], &gamma[i], &dy[i], n, mean, rstd)
		sumG, sumGX = sumG+g, sumGX+gx
	})
	for ; i < n; i++ {
		xhat, g := (x[i]-mean)*rstd, dy[i]*gamma[i]
		sumG, sumGX = sumG+g, sumGX+g*xhat
		dgamma[i] += dy[i] * xhat
		dbeta[i] += dy[i]
	}
	meanG, meanGX := sumG/float32(n), sumGX/float32(n)
	i = vectors(n, func(i, n int) { normGradSIMDAsm(&dx[i], &x[i], &gamma[i], &dy[i], n, mean, rstd, meanG, meanGX) })
	for ; i < n; i++ {
		xhat := (x[i] - mean) * rstd
		dx[i] += rstd * (dy[i]*gamma[i] - meanG - xhat*meanGX)
	}
}

// rstdOf returns 1/√(variance + eps) from Σ (x − mean) and Σ (x − mean)² of n elements. The rounding error of the mean
// is corrected; NaN stays.
func rstdOf(rest, squares, n, eps float32) float32 {
	variance := max(squares/n-(rest/n)*(rest/n), 0)
	return float32(1 / math.Sqrt(float64(variance)+float64(eps)))
}
