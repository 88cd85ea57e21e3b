package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// drawn returns many values of an init and their moments.
func drawn(init Init, shape ...int) (values []float32, mean, deviation float64) {
	values = make([]float32, 40_000)
	init(values, shape, rand.New(rand.NewPCG(1, 2)))
	for _, v := range values {
		mean += float64(v) / float64(len(values))
	}
	for _, v := range values {
		deviation += (float64(v) - mean) * (float64(v) - mean) / float64(len(values))
	}
	return values, mean, math.Sqrt(deviation)
}

func largest(values []float32) (m float64) {
	for _, v := range values {
		m = max(m, math.Abs(float64(v)))
	}
	return m
}

func TestUniformInits(t *testing.T) {
	for name, c := range map[string]struct {
		init  Init
		shape []int
		bound float64
	}{
		"Xavier":           {XavierUniform, []int{9, 5}, math.Sqrt(6.0 / 14)},
		"Xavier of qkv":    {XavierUniform, []int{3 * 8, 8}, math.Sqrt(6.0 / 32)},
		"fan in":           {FanInUniform, []int{9, 5}, 1 / math.Sqrt(5)},
		"fan in of conv":   {FanInUniform, []int{768, 3, 2, 16, 16}, 1 / math.Sqrt(1536)},
		"fan in of biases": {FanIn(1536), []int{768}, 1 / math.Sqrt(1536)},
	} {
		values, mean, deviation := drawn(c.init, c.shape...)
		require.LessOrEqual(t, largest(values), c.bound*(1+1e-6), name)
		require.InEpsilon(t, c.bound, largest(values), 1e-3, name)
		require.InDelta(t, 0, mean, 0.02*c.bound, name)
		require.InEpsilon(t, c.bound/math.Sqrt(3), deviation, 0.02, name)
	}
}

// Values beyond the cut are redrawn, not clamped.
func TestTruncatedNormal(t *testing.T) {
	values, mean, deviation := drawn(TruncatedNormal(0.02, 2))
	require.InDelta(t, 0, mean, 5e-4)
	require.InEpsilon(t, 0.02, deviation, 0.02)
	require.Greater(t, largest(values), 0.06)

	values, mean, deviation = drawn(TruncatedNormal(0.02, 0.02)) // at one deviation: σ·√(1 − 2·φ(1)/(2·Φ(1) − 1))
	require.InDelta(t, 0, mean, 5e-4)
	require.InEpsilon(t, 0.02*0.53956, deviation, 0.02)
	require.LessOrEqual(t, largest(values), 0.02)
	at := 0
	for _, v := range values {
		if math.Abs(float64(v)) > 0.0199 {
			at++
		}
	}
	require.Less(t, at, 400, "values heaped up at the cut")
}

func TestConstants(t *testing.T) {
	values := []float32{7, 7, 7}
	Zeros(values, nil, nil)
	require.Equal(t, []float32{0, 0, 0}, values)
	Ones(values, nil, nil)
	require.Equal(t, []float32{1, 1, 1}, values)
	Constant(-2.5)(values, nil, nil)
	require.Equal(t, []float32{-2.5, -2.5, -2.5}, values)
}

func TestInitStd(t *testing.T) {
	for dim, want := range map[int]float64{384: 0.02, 768: 0.02, 383: 1 / math.Sqrt(383), 64: 0.125, 1: 1} {
		require.Equal(t, want, InitStd(dim), dim)
	}
}

// A parameter's initial value depends only on seed and name, not on other parameters.
func TestRandom(t *testing.T) {
	fill := func(seed uint64, name string) []float32 {
		values := make([]float32, 5)
		require.NoError(t, Random{seed}.Fill(values, name, []int{5}, TruncatedNormal(1, 9)))
		return values
	}
	require.Equal(t, fill(1, "a"), fill(1, "a"))
	require.NotEqual(t, fill(1, "a"), fill(2, "a"))
	require.NotEqual(t, fill(1, "a"), fill(1, "b"))
}
