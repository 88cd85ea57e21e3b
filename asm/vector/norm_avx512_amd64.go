//go:build !purego

package vector

//go:noescape
func normalizeAVX512Asm(dst, x, gamma, beta *float32, n int, mean, rstd float32)

//go:noescape
func normGradSumsAVX512Asm(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)

//go:noescape
func normGradAVX512Asm(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32)

func layerNormAVX512(dst, x, gamma, beta []float32, eps float32) (mean, rstd float32) {
	x, gamma, beta = x[:len(dst)], gamma[:len(dst)], beta[:len(dst)]
	n := float32(len(x))
	mean = sumAVX512(x) / n
	rest, squares := sumSquaresAVX512(x, mean)
	rstd = rstdOf(rest, squares, n, eps)
	chunks(len(dst), func(i, n int) { normalizeAVX512Asm(&dst[i], &x[i], &gamma[i], &beta[i], n, mean, rstd) })
	return mean, rstd
}

func layerNormBackwardAVX512(dx, dgamma, dbeta, x, gamma, dy []float32, mean, rstd float32) {
	n := len(dx)
	dgamma, dbeta, x, gamma, dy = dgamma[:n], dbeta[:n], x[:n], gamma[:n], dy[:n]
	var sumG, sumGX float32
	chunks(n, func(i, n int) {
		g, gx := normGradSumsAVX512Asm(&dgamma[i], &dbeta[i], &x[i], &gamma[i], &dy[i], n, mean, rstd)
		sumG, sumGX = sumG+g, sumGX+gx
	})
	meanG, meanGX := sumG/float32(n), sumGX/float32(n)
	chunks(n, func(i, n int) { normGradAVX512Asm(&dx[i], &x[i], &gamma[i], &dy[i], n, mean, rstd, meanG, meanGX) })
}
