package gradcheck

import (
	"math"
	"math/rand/v2"
)

// direction is a vector: the unit vector at a position, or a dense one.
type direction struct {
	at    int
	dense []float64 // nil for a unit vector
}

// units returns the n unit vectors.
func units(n int) []direction {
	all := make([]direction, n)
	for i := range all {
		all[i].at = i
	}
	return all
}

// randomDirection draws a dense direction of length 1, so that derivatives along it are of the same size as those of elements.
func randomDirection(rng *rand.Rand, n int) direction {
	d := direction{dense: make([]float64, n)}
	square := 0.0
	for i := range d.dense {
		d.dense[i] = rng.NormFloat64()
		square += d.dense[i] * d.dense[i]
	}
	for i := range d.dense {
		d.dense[i] /= math.Sqrt(square)
	}
	return d
}

// randomWeights draws from ±[½, 3⁄2] for each of n outputs: they have similar weight, and no two cancel.
func randomWeights(rng *rand.Rand, n int) direction {
	d := direction{dense: make([]float64, n)}
	for i := range d.dense {
		d.dense[i] = (0.5 + rng.Float64()) * float64(2*rng.IntN(2)-1)
	}
	return d
}

// part returns d where lo ≤ i < hi and 0 elsewhere.
func (d direction) part(lo, hi int) direction {
	p := direction{dense: make([]float64, len(d.dense))}
	copy(p.dense[lo:hi], d.dense[lo:hi])
	return p
}

// dot returns d·x.
func (d direction) dot(x []float64) float64 {
	if d.dense == nil {
		return x[d.at]
	}
	sum := 0.0
	for i, v := range d.dense {
		sum += v * x[i]
	}
	return sum
}

// addTo adds s·d to x.
func (d direction) addTo(x []float64, s float64) {
	if d.dense == nil {
		x[d.at] += s
		return
	}
	for i, v := range d.dense {
		x[i] += s * v
	}
}

// scaled returns s·d as a slice of n numbers. Zeros stay positive.
func (d direction) scaled(n int, s float64) []float64 {
	x := make([]float64, n)
	if n > 0 {
		d.addTo(x, s)
	}
	return x
}

// largest returns max |x|; NaN is ignored.
func largest(x ...float64) float64 {
	m := 0.0
	for _, v := range x {
		if a := math.Abs(v); a > m {
			m = a
		}
	}
	return m
}
