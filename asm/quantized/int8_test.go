package quantized

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestToInt8(t *testing.T) {
	x := []float32{-2.54, 1.27, 0, 0.01, 0.03, 2.54}
	values := make([]int8, len(x))
	scale := ToInt8(values, x)
	require.InDelta(t, 0.02, scale, 1e-9)
	require.Equal(t, []int8{-127, 64, 0, 0, 2, 127}, values) // 63.5, 0.5 and 1.5 to the even one

	require.Zero(t, ToInt8(values[:3], []float32{0, 0x1p-121, 0}))
	require.Equal(t, []int8{0, 0, 0}, values[:3])
	require.Zero(t, ToInt8(nil, nil))
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		scale := ToInt8(values[:3], []float32{1, float32(bad), 2})
		require.True(t, scale != scale, "the scale of a row with %g is %g", bad, scale)
	}
}

// The largest possible products, whose sums of two do not fit 16 bits and whose sums of four come near to 18.
func TestInt8SumsAreExact(t *testing.T) {
	const m, n, kk = 15, 33, MaxK
	values, scales := make([]int8, n*kk), make([]float32, n)
	for i := range values {
		values[i] = []int8{127, -127, -128, 1}[i/kk%4]
	}
	for j := range scales {
		scales[j] = 1
	}
	panels := PackInt8(values, scales, n, kk)
	a := make([]float32, m*kk)
	for i := range a {
		a[i] = []float32{127, -127}[i/kk%2] // a scale of 1
	}
	for _, k := range implementations(int8Format) {
		c := make([]float32, m*n)
		k.Gemm(Product{M: m, N: n, A: a, LDA: kk, B: panels, C: c, LDC: n})
		for i := range m {
			for j := range n {
				want := float32(kk) * a[i*kk] * float32(values[j*kk])
				require.Equal(t, want, c[i*n+j], "%s: C[%d,%d]", k.Name, i, j)
			}
		}
	}
}
