//go:build vulkan

package vulkan_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/vulkan"
)

// TestTopKLong sorts rows that are many workgroups long, with equal values, as the CPU does.
func TestTopKLong(t *testing.T) {
	b, err := vulkan.New(vulkan.Config{})
	require.NoError(t, err)
	defer b.Close()
	x := make([]float32, 3*5000)
	for i := range x {
		x[i] = float32(i * 7919 % 1009)
	}
	require.True(t, slices.Equal(sorted(t, cpu.New(), x, 5000), sorted(t, b, x, 5000)))
}

func sorted(t *testing.T, b engine.Backend, x []float32, n int) []int32 {
	in, index := engine.FromSlice(b, engine.Float32, x, len(x)/n, n), engine.New(b, engine.Int32, len(x)/n, n)
	b.TopK(index, in)
	positions, err := engine.Read[int32](index)
	require.NoError(t, err)
	return positions
}
