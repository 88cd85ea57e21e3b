//go:build !purego

package vector

import "math"

// pieces is a function on [0, ∞) that falls to 0, in a form for vector table lookup: count polynomials of one degree, one for
// each piece of the axis. Element i·count + j is the coefficient of uⁱ in piece j, where u = s − j with |u| ≤ 1/2 and s = x·scale;
// scale, the pieces to a unit of x, is the last element. The last piece is 0.
type pieces []float32

// newPieces interpolates f, which is practically 0 from limit on, at the Chebyshev nodes of each piece. f must also be
// smooth a little below 0.
func newPieces(f func(x float64) float64, limit float64, count, degree int) pieces {
	t := make(pieces, (degree+1)*count+1)
	scale := float32((float64(count-1) - 0.5) / limit)
	t[len(t)-1] = scale
	for j := range count - 1 {
		c := interpolate(degree, func(u float64) float64 { return f((float64(j) + u) / float64(scale)) })
		for i, v := range c {
			t[i*count+j] = float32(v)
		}
	}
	return t
}

// interpolate returns the coefficients of the polynomial that equals f at the degree + 1 Chebyshev nodes of [−1/2, 1/2]. It
// takes Newton's divided differences d and multiplies d[0] + (u − node[0])·(d[1] + (u − node[1])·(…)) out.
func interpolate(degree int, f func(u float64) float64) (c []float64) {
	n := degree + 1
	node, d, c := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		node[i] = math.Cos(math.Pi*(2*float64(i)+1)/(2*float64(n))) / 2
		d[i] = f(node[i])
	}
	for order := 1; order < n; order++ {
		for i := n - 1; i >= order; i-- {
			d[i] = (d[i] - d[i-1]) / (node[i] - node[i-order])
		}
	}
	for i := n - 1; i >= 0; i-- {
		for k := n - 1; k > 0; k-- {
			c[k] = c[k-1] - node[i]*c[k]
		}
		c[0] = d[i] - node[i]*c[0]
	}
	return c
}

// normalTail is Φ(−x), and slopeTail 1 minus the slope of GELU. Where their pieces end they are 1e-9 and 1e-8.
func normalTail(x float64) float64 { return normalCDF(-x) }
func slopeTail(x float64) float64  { return normalCDF(-x) - x*normalPDF(x) }

const (
	normalEnd = 6
	slopeEnd  = 6.3
)
