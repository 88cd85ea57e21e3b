//go:build !purego

package asm

import "math"

// Kernels on slices in AVX-512. The assembly takes any number of elements, at most maxElements a call.

//go:noescape
func add512(dst, a, b *float32, n int)

//go:noescape
func sub512(dst, a, b *float32, n int)

//go:noescape
func mul512(dst, a, b *float32, n int)

//go:noescape
func scale512(dst, x *float32, n int, s float32)

//go:noescape
func axpy512(dst, x *float32, n int, s float32)

//go:noescape
func dot512(a, b *float32, n int) float32

//go:noescape
func squaredDistance512(a, b *float32, n int) float32

//go:noescape
func sumSquares512(x *float32, n int, shift float32) (sum, squares float32)

//go:noescape
func max512(x *float32, n int) float32

//go:noescape
func exp512(dst, x *float32, n int, shift float32, roots *[16]float32) (sum float32)

//go:noescape
func expBelow512(dst, x *float32, n int, shift float32, roots *[16]float32) (sum float32)

//go:noescape
func softmaxGrad512(dx, y, dy *float32, n int, delta float32)

//go:noescape
func gelu512(dst, x *float32, n int, t *float32)

//go:noescape
func geluBackward512(dx, x, dy *float32, n int, t *float32)

//go:noescape
func normalize512(dst, x, gamma, beta *float32, n int, mean, rstd float32)

//go:noescape
func normGradSums512(dgamma, dbeta, x, gamma, dy *float32, n int, mean, rstd float32) (sumG, sumGX float32)

//go:noescape
func normGrad512(dx, x, gamma, dy *float32, n int, mean, rstd, meanG, meanGX float32)

//go:noescape
func adamW512(p, grad, m, v *float32, n int, c *[9]float32)

// rowsAVX512 sets all kernels but those of GEMM.
func rowsAVX512(k *Kernels[float32]) {
	k.Add, k.Sub, k.Mul, k.Scale, k.Axpy = addAVX512, subAVX512, mulAVX512, scaleAVX512, axpyAVX512
	k.Dot, k.Sum = dotAVX512, sumAVX512
	k.SquaredDistance = squaredDistanceAVX512
	k.Exp, k.Softmax = expAVX512, softmaxAVX512
	k.SoftmaxBackward, k.SoftmaxGrad = softmaxBackwardAVX512, softmaxGradAVX512
	k.GELU, k.GELUBackward = geluAVX512, geluBackwardAVX512
	k.LayerNorm, k.LayerNormBackward, k.AdamW = layerNormAVX512, layerNormBackwardAVX512, adamWAVX512
}

// roots holds 2^(i/16).
var roots = func() (r [16]float32) {
	for i := range r {
		r[i] = float32(math.Exp2(float64(i) / 16))
	}
	return r
}()

var (
	normalPieces512 = newPieces(normalTail, normalEnd, 16, 5)
	slopePieces512  = newPieces(slopeTail, slopeEnd, 16, 5)
)

func addAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); i += maxElements {
		add512(&dst[i], &a[i], &b[i], min(maxElements, len(dst)-i))
	}
}

func subAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); i += maxElements {
		sub512(&dst[i], &a[i], &b[i], min(maxElements, len(dst)-i))
	}
}

func mulAVX512(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := 0; i < len(dst); i += maxElements {
		mul512(&dst[i], &a[i], &b[i], min(maxElements, len(dst)-i))
	}
}

func scaleAVX512(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += maxElements {
		scale512(&dst[i], &x[i], min(maxElements, len(dst)-i), s)
	}
}

func axpyAVX512(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += maxElements {
		axpy512(&dst[i], &x[i], min(maxElements, len(dst)-i), s)
	}
}

func dotAVX512(a, b []float32) (sum float32) {
	b = b[:len(a)]
	for i := 0; i < len(a); i += maxElements {
		sum += dot512(&a[i], &b[i], min(maxElements, len(a)-i))
	}
	return sum
}

func squaredDistanceAVX512(a, b []float32) (sum float32) {
	b = b[:len(a)]
	for i := 0; i < len(a); i += maxElements {
		sum += squaredDistance512(&a[i], &b[i], min(maxElements, len(a)-i))
	}
	return sum
}

func sumAVX512(x []float32) float32 {
	sum, _ := sumSquaresAVX512(x, 0)
	return sum
}

// sumSquaresAVX512 returns Σ (x − shift) and Σ (x − shift)².
func sumSquaresAVX512(x []float32, shift float32) (sum, squares float32) {
	for i := 0; i < len(x); i += maxElements {
		s, q := sumSquares512(&x[i], min(maxElements, len(x)-i), shift)
		sum, squares = sum+s, squares+q
	}
	return sum, squares
}

func expAVX512(dst, x []float32, shift float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += maxElements {
		exp512(&dst[i], &x[i], min(maxElements, len(dst)-i), shift, &roots)
	}
}

func softmaxAVX512(dst, x []float32) (lse float32) {
	if len(x) == 0 {
		return float32(math.Inf(-1))
	}
	top := x[0]
	for i := 0; i < len(x); i += maxElements {
		top = max(top, max512(&x[i], min(maxElements, len(x)-i)))
	}
	dst = dst[:len(x)]
	sum := float32(0)
	for i := 0; i < len(x); i += maxElements {
		sum += expBelow512(&dst[i], &x[i], min(maxElements, len(x)-i), top, &roots)
	}
	scaleAVX512(dst, dst, 1/sum)
	return top + float32(math.Log(float64(sum)))
}

func softmaxBackwardAVX512(dx, y, dy []float32) { softmaxGradAVX512(dx, y, dy, dotAVX512(y, dy)) }

func softmaxGradAVX512(dx, y, dy []float32, delta float32) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	for i := 0; i < len(dx); i += maxElements {
		softmaxGrad512(&dx[i], &y[i], &dy[i], min(maxElements, len(dx)-i), delta)
	}
}

func geluAVX512(dst, x []float32) {
	x = x[:len(dst)]
	for i := 0; i < len(dst); i += maxElements {
		gelu512(&dst[i], &x[i], min(maxElements, len(dst)-i), &normalPieces512[0])
	}
}

func geluBackwardAVX512(dx, x, dy []float32) {
	x, dy = x[:len(dx)], dy[:len(dx)]
	for i := 0; i < len(dx); i += maxElements {
		geluBackward512(&dx[i], &x[i], &dy[i], min(maxElements, len(dx)-i), &slopePieces512[0])
	}
}

func layerNormAVX512(dst, x, gamma, beta []float32, eps float32) (mean, rstd float32) {
	x, gamma, beta = x[:len(dst)], gamma[:len(dst)], beta[:len(dst)]
	n := float32(len(x))
	mean = sumAVX512(x) / n
	rest, squares := sumSquaresAVX512(x, mean)
	rstd = rstdOf(rest, squares, n, eps)
	for i := 0; i < len(dst); i += maxElements {
		normalize512(&dst[i], &x[i], &gamma[i], &beta[i], min(maxElements, len(dst)-i), mean, rstd)
	}
	return mean, rstd
}

func layerNormBackwardAVX512(dx, dgamma, dbeta, x, gamma, dy []float32, mean, rstd float32) {
	n := len(dx)
	dgamma, dbeta, x, gamma, dy = dgamma[:n], dbeta[:n], x[:n], gamma[:n], dy[:n]
	var sumG, sumGX float32
	for i := 0; i < n; i += maxElements {
		g, gx := normGradSums512(&dgamma[i], &dbeta[i], &x[i], &gamma[i], &dy[i], min(maxElements, n-i), mean, rstd)
		sumG, sumGX = sumG+g, sumGX+gx
	}
	meanG, meanGX := sumG/float32(n), sumGX/float32(n)
	for i := 0; i < n; i += maxElements {
		normGrad512(&dx[i], &x[i], &gamma[i], &dy[i], min(maxElements, n-i), mean, rstd, meanG, meanGX)
	}
}

func adamWAVX512(p, g, m, v []float32, h AdamW) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	c := h.constants()
	for i := 0; i < len(p); i += maxElements {
		adamW512(&p[i], &g[i], &m[i], &v[i], min(maxElements, len(p)-i), &c)
	}
}
