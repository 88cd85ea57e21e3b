package gradcheck

import (
	"math"
	"math/rand/v2"
)

// direction is a vector that is zero outside one segment: the unit vector of an element, or a dense vector or a part of it.
type direction struct {
	from   int
	values []float64
}

// unit returns the unit vector of an element.
func unit(i int) direction { return direction{i, []float64{1}} }

// element returns the position of a unit vector, −1 for a dense one.
func (d direction) element() int {
	if len(d.values) == 1 {
		return d.from
	}
	return -1
}

// randomDirection draws a dense direction of length 1, so that derivatives along it are of the same size as those of elements.
func randomDirection(rng *rand.Rand, n int) direction {
	values, square := make([]float64, n), 0.0
	for i := range values {
		values[i] = rng.NormFloat64()
		square += values[i] * values[i]
	}
	for i := range values {
		values[i] /= math.Sqrt(square)
	}
	return direction{values: values}
}

// randomWeights draws from ±[½, 3⁄2] for each of n outputs: they have similar weight, and no two cancel.
func randomWeights(rng *rand.Rand, n int) direction {
	values := make([]float64, n)
	for i := range values {
		values[i] = (0.5 + rng.Float64()) * float64(2*rng.IntN(2)-1)
	}
	return direction{values: values}
}

// dot returns d·x.
func (d direction) dot(x []float64) (sum float64) {
	for i, v := range d.values {
		sum += v * x[d.from+i]
	}
	return sum
}

// addTo adds s·d to x.
func (d direction) addTo(x []float64, s float64) {
	for i, v := range d.values {
		x[d.from+i] += s * v
	}
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

// share is |difference|/scale; what is not finite is infinitely wrong.
func share(difference, scale float64) float64 {
	if difference == 0 {
		return 0
	}
	if e := math.Abs(difference) / scale; e == e {
		return e
	}
	return math.Inf(1)
}
