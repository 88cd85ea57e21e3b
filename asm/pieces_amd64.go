//go:build !purego

package asm

import "math"

// pieces is a function on [0, ∞) that falls to 0, in a form that a vector unit looks up: sixteen polynomials of degree six, one for
// each piece of the axis. Coeff[i][j] belongs to uⁱ in piece j, where u = s − j with |u| ≤ 1/2 and s = x·Scale. The last piece is 0.
type pieces struct {
	Coeff [7][16]float32
	Scale float32 // pieces to a unit of x
}

// newPieces interpolates f, which is 0 as good as from limit on, at the Chebyshev nodes of each piece. f must be smooth
// a little below 0, too.
func newPieces(f func(x float64) float64, limit float64) *pieces {
	last := 15.0
	t := &pieces{Scale: float32((last - 0.5) / limit)}
	for j := range int(last) {
		c := interpolate(func(u float64) float64 { return f((float64(j) + u) / float64(t.Scale)) })
		for i, v := range c {
			t.Coeff[i][j] = float32(v)
		}
	}
	return t
}

// interpolate returns the coefficients of the polynomial that equals f at the seven Chebyshev nodes of [−1/2, 1/2]. It
// takes Newton's divided differences d and multiplies d[0] + (u − node[0])·(d[1] + (u − node[1])·(…)) out.
func interpolate(f func(u float64) float64) (c [7]float64) {
	const n = len(c)
	var node, d [n]float64
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
