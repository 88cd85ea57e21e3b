//go:build !purego

package asm

import (
	"math"

	"golang.org/x/sys/cpu"
)

// The assembly of this file's kernels takes a positive multiple of eight elements. Wrappers give the rest to plain Go where
// that rounds alike, and else pad it to a vector: an element's bits may not depend on where a slice was cut.

//go:noescape
func addAsm(dst, a, b *float32, n int)

//go:noescape
func subAsm(dst, a, b *float32, n int)

//go:noescape
func mulAsm(dst, a, b *float32, n int)

//go:noescape
func mulAddAsm(dst, a, b *float32, n int)

//go:noescape
func scaleAsm(dst, x *float32, n int, s float32)

//go:noescape
func axpyAsm(dst, x *float32, n int, s float32)

//go:noescape
func dotAsm(a, b *float32, n int) float32

//go:noescape
func sumSquaresAsm(x *float32, n int, shift float32) (sum, squares float32)

//go:noescape
func maxAsm(x *float32, n int) float32

//go:noescape
func expAsm(dst, x *float32, n int, shift float32) (sum float32)

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
func softmaxGradAsm(dx, y, dy *float32, n int, sum float32)

//go:noescape
func adamWAsm(p, grad, m, v *float32, n int, c *[9]float32)

// detectArch returns the assembly kernels that this CPU and operating system can run.
func detectArch() []*Kernels[float32] {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return nil
	}
	k := &Kernels[float32]{
		Name: "avx2", MR: avx2MR, NR: avx2NR, GemmTile: gemmTileAVX2,
		Add: addAVX2, Sub: subAVX2, Mul: mulAVX2, MulAdd: mulAddAVX2, Scale: scaleAVX2, Axpy: axpyAVX2,
		Dot: dotAVX2, Sum: sumAVX2, Exp: expAVX2, Softmax: softmaxAVX2, SoftmaxBackward: softmaxBackwardAVX2,
		GELU: geluAVX2, GELUBackward: geluBackwardAVX2,
		LayerNorm: layerNormAVX2, LayerNormBackward: layerNormBackwardAVX2, AdamW: adamWAVX2,
		FMALoop: fmaLoopAVX2,
	}
	return []*Kernels[float32]{k.finish()}
}

// Assembly can't be preempted, so that no call takes more than this many elements: some tens of microseconds.
const maxElements = 1 << 16

// vectors calls fn on parts of at most maxElements, as many whole vectors as n has, and returns where the rest begins.
func vectors(n int, fn func(from, n int)) (rest int) {
	rest = n &^ 7
	for from := 0; from < rest; from += maxElements {
		fn(from, min(maxElements, rest-from))
	}
	return rest
}

// pad fills up the last, incomplete vector of a slice with zeros.
func pad(x []float32) (v [8]float32) {
	copy(v[:], x)
	return v
}

func addAVX2(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { addAsm(&dst[i], &a[i], &b[i], n) })
	addGeneric(dst[i:], a[i:], b[i:])
}

func subAVX2(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { subAsm(&dst[i], &a[i], &b[i], n) })
	subGeneric(dst[i:], a[i:], b[i:])
}

func mulAVX2(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	i := vectors(len(dst), func(i, n int) { mulAsm(&dst[i], &a[i], &b[i], n) })
	mulGeneric(dst[i:], a[i:], b[i:])
}

func mulAddAVX2(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { mulAddAsm(&dst[i], &a[i], &b[i], n) }); i < len(dst) {
		pd, pa, pb := pad(dst[i:]), pad(a[i:]), pad(b[i:])
		mulAddAsm(&pd[0], &pa[0], &pb[0], 8)
		copy(dst[i:], pd[:])
	}
}

func scaleAVX2(dst, x []float32, s float32) {
	x = x[:len(dst)]
	i := vectors(len(dst), func(i, n int) { scaleAsm(&dst[i], &x[i], n, s) })
	scaleGeneric(dst[i:], x[i:], s)
}

func axpyAVX2(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	if i := vectors(len(dst), func(i, n int) { axpyAsm(&dst[i], &x[i], n, s) }); i < len(dst) {
		pd, px := pad(dst[i:]), pad(x[i:])
		axpyAsm(&pd[0], &px[0], 8, s)
		copy(dst[i:], pd[:])
	}
}

func dotAVX2(a, b []float32) (sum float32) {
	b = b[:len(a)]
	i := vectors(len(a), func(i, n int) { sum += dotAsm(&a[i], &b[i], n) })
	for ; i < len(a); i++ {
		sum += a[i] * b[i]
	}
	return sum
}

func sumAVX2(x []float32) float32 {
	sum, _ := sumSquares(x, 0)
	return sum
}

// sumSquares returns Σ (x − shift) and Σ (x − shift)².
func sumSquares(x []float32, shift float32) (sum, squares float32) {
	i := vectors(len(x), func(i, n int) {
		s, q := sumSquaresAsm(&x[i], n, shift)
		sum, squares = sum+s, squares+q
	})
	for ; i < len(x); i++ {
		d := x[i] - shift
		sum, squares = sum+d, squares+d*d
	}
	return sum, squares
}

func expAVX2(dst, x []float32, shift float32) { expSum(dst, x, shift) }

// expSum computes dst = exp(x − shift) and returns Σ dst. The last, incomplete vector is padded with −∞, whose exp is 0.
func expSum(dst, x []float32, shift float32) (sum float32) {
	x = x[:len(dst)]
	i := vectors(len(dst), func(i, n int) { sum += expAsm(&dst[i], &x[i], n, shift) })
	if i < len(dst) {
		var last [8]float32
		for j := range last {
			last[j] = float32(math.Inf(-1))
		}
		for j, v := range x[i:] {
			last[j] = v - shift // here, as the padding of a shift of −∞ would be NaN
		}
		sum += expAsm(&last[0], &last[0], 8, 0)
		copy(dst[i:], last[:])
	}
	return sum
}

func softmaxAVX2(dst, x []float32) (lse float32) {
	if len(x) == 0 {
		return float32(math.Inf(-1))
	}
	top := x[0]
	i := vectors(len(x), func(i, n int) { top = max(top, maxAsm(&x[i], n)) })
	for _, v := range x[i:] {
		top = max(top, v)
	}
	sum := expSum(dst, x, top)
	scaleAVX2(dst, dst, 1/sum)
	return top + float32(math.Log(float64(sum)))
}

func softmaxBackwardAVX2(dx, y, dy []float32) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	sum := dotAVX2(y, dy)
	i := vectors(len(dx), func(i, n int) { softmaxGradAsm(&dx[i], &y[i], &dy[i], n, sum) })
	for ; i < len(dx); i++ {
		dx[i] = y[i] * (dy[i] - sum)
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
