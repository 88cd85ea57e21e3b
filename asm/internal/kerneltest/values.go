package kerneltest

import (
	"math"
	"math/rand/v2"
)

// Fills are the kinds of values to try.
var Fills = map[string]func(r *rand.Rand) float64{
	"normal":    func(r *rand.Rand) float64 { return r.NormFloat64() },
	"wide":      func(r *rand.Rand) float64 { return r.NormFloat64() * 30 },
	"denormal":  func(r *rand.Rand) float64 { return r.NormFloat64() * 1e-39 },
	"large":     func(r *rand.Rand) float64 { return r.NormFloat64() * 1e18 },
	"negatives": func(r *rand.Rand) float64 { return -math.Abs(r.NormFloat64() * 4) },
}

// Specials are single values to try among others.
var Specials = []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1e-45, -1e-40, 3e38, -3e38, 88.7, -87.4, -103.9, 1, -1}

// Normals draws n numbers of the standard normal distribution.
func Normals(rng *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(rng.NormFloat64())
	}
	return s
}

// Widen converts to float64.
func Widen(x []float32) []float64 {
	w := make([]float64, len(x))
	for i, v := range x {
		w[i] = float64(v)
	}
	return w
}

// Near tells whether got is want up to the given relative and absolute error; NaN equals NaN and infinities themselves.
func Near(got float32, want, rel, abs float64) bool {
	w := float64(float32(want))
	switch {
	case math.IsNaN(w):
		return math.IsNaN(float64(got))
	case math.IsInf(w, 0) || math.IsInf(float64(got), 0):
		return float64(got) == w || math.Abs(want) > 3.4e38 // at the edge of float32, one rounding decides
	}
	return math.Abs(float64(got)-want) <= rel*math.Abs(want)+abs
}
