package vector

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
)

// GELU and its slope are approximations in assembly. The error of each, against float64 and beyond the rounding of results
// larger than 1, is at most 2.5e-7.
func TestGELUAccuracy(t *testing.T) {
	const n = 1 << 16
	x, ones, y := make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range x {
		x[i], ones[i] = float32(i-n/2)/(n/2)*12, 1
	}
	worst := func(want func(x float64) float64) float64 {
		most := 0.0
		for i, v := range x {
			w := want(float64(v))
			most = max(most, math.Abs(float64(y[i])-w)/max(1, math.Abs(w)))
		}
		return most
	}
	for _, set := range kernel.Supported() {
		k := New(set)
		k.GELU(y, x)
		value := worst(func(x float64) float64 { return x * normalCDF(x) })
		k.GELUBackward(y, x, ones)
		slope := worst(func(x float64) float64 { return normalCDF(x) + x*normalPDF(x) })
		t.Logf("%s: GELU %.2g, slope %.2g", set, value, slope)
		require.Less(t, value, 2.5e-7, set)
		require.Less(t, slope, 2.5e-7, set)
	}
}
