package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// TestProfile counts calls, bytes and operations since the start; what a method calls is part of it.
func TestProfile(t *testing.T) {
	c := New()
	x, y, sum := engine.Filled(c, engine.Float32, 2, 10, 30), engine.Filled(c, engine.Float32, 3, 10, 30), engine.Zeros(c, engine.Float32, 30)
	times, err := c.Profile()
	require.NoError(t, err)
	require.Empty(t, times, "not asked for")
	for range 2 {
		require.NoError(t, c.StartProfile())
		c.Axpy(x, 1, y)
		c.Axpy(x, 1, y)
		c.SumTo(sum, x, false) // fills the sum with zeros first
		c.Gemm(engine.GemmArgs{C: engine.Zeros(c, engine.Float32, 10, 10), A: x, B: y, M: 10, N: 10, K: 30, TransB: true, LDA: 30, LDB: 30, LDC: 10, Batch: 1})
		times, err = c.Profile()
		require.NoError(t, err)
		byName := map[string]engine.KernelTime{}
		for i, k := range times {
			require.True(t, i == 0 || k.Time <= times[i-1].Time, "the longest first")
			k.Time = 0
			byName[k.Name] = k
		}
		require.Equal(t, map[string]engine.KernelTime{
			"Fill":      {Name: "Fill", Calls: 1, Bytes: 400}, // by Zeros
			"Axpy":      {Name: "Axpy", Calls: 2, Bytes: 4800},
			"SumTo":     {Name: "SumTo", Calls: 1, Bytes: 1320},
			"Gemm A·Bᵀ": {Name: "Gemm A·Bᵀ", Calls: 1, Bytes: 2800, FLOPs: 6000},
		}, byName)
	}
}
