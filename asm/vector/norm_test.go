package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
)

// rowStatistics are those of layer norm, in float64 and two passes.
func rowStatistics(x []float32, eps float64) (mean, rstd float64) {
	for _, v := range x {
		mean += float64(v) / float64(len(x))
	}
	variance := 0.0
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean) / float64(len(x))
	}
	return mean, 1 / math.Sqrt(variance+eps)
}

// Far from zero the squares of a row's elements are much larger than its variance, and so is what the mean loses by rounding: a
// variance taken without care is wrong in all digits.
func TestLayerNormFarFromZero(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, set := range kernel.Supported() {
		k := New(set)
		for _, mean := range []float64{1e3, -1e4, 1e5} {
			for _, n := range []int{5, 8, 63, 192, 768, 1031} {
				what := fmt.Sprintf("%s: %d elements about %g", set, n, mean)
				x, ones, zeros, y := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
				for i := range x {
					x[i], ones[i] = float32(mean+rng.NormFloat64()), 1
				}
				m, rstd := k.LayerNorm(y, x, ones, zeros, 1e-6)
				wantMean, wantRstd := rowStatistics(x, 1e-6)
				require.InEpsilon(t, wantMean, m, 5e-6, what)
				require.InEpsilon(t, wantRstd, rstd, 1e-5, what)
				for i, v := range x { // the mean subtracted is the one returned, up to its last digit
					require.InDelta(t, (float64(v)-float64(m))*wantRstd, y[i], 1e-7*math.Abs(mean)*wantRstd+1e-4, what)
				}
			}
		}
	}
}

// A row of equal numbers has no variance: rounding must not make one, nor a negative one, whose root is NaN.
func TestLayerNormOfEqualElements(t *testing.T) {
	const eps = 1e-6
	for _, set := range kernel.Supported() {
		k := New(set)
		for _, v := range []float32{1e3 + 0.1, -1e4 - 0.3, 1e5 + 0.7} {
			for _, n := range []int{3, 7, 100, 768, 1031} {
				x, ones, y := make([]float32, n), make([]float32, n), make([]float32, n)
				for i := range x {
					x[i], ones[i] = v, 1
				}
				mean, rstd := k.LayerNorm(y, x, ones, ones, eps)
				what := fmt.Sprintf("%s: %d times %g", set, n, v)
				require.InEpsilon(t, v, mean, 5e-6, what)
				require.InEpsilon(t, 1/math.Sqrt(eps), rstd, 1e-5, what)
			}
		}
	}
}
