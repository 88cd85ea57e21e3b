//go:build vulkan

package vulkan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/enginetest"
	"mien/engine/vulkan/vk"
)

// TestMatrices runs the suite with bf16 products by cooperative matrices of float16, where the device has them: Mesa's llvmpipe does from
// version 26 on.
func TestMatrices(t *testing.T) {
	if open(t, Config{HalfMatrices: true}).matrices == nil {
		t.Skip("the device has no matrices of float16")
	}
	used := false
	enginetest.RunAll(t, func() engine.Backend {
		b, err := New(Config{HalfMatrices: true})
		require.NoError(t, err)
		return &watched{b, &used}
	}, enginetest.Options{})
	require.True(t, used, "no product was computed by matrices")
}

// watched is a backend that notes whether it had found its matrices right.
type watched struct {
	*Backend
	used *bool
}

func (w *watched) Close() error {
	*w.used = *w.used || w.matrices != nil && w.matrices.probed
	return w.Backend.Close()
}

// TestMultipliesRight tells a product from one that is wrong in one element, as a driver's may be.
func TestMultipliesRight(t *testing.T) {
	b := open(t, Config{})
	require.True(t, multipliesRight(b, b.Gemm))
	require.False(t, multipliesRight(b, func(a engine.GemmArgs) {
		b.Gemm(a)
		one := engine.Filled(b, engine.Float32, 1, 1)
		defer one.Free()
		b.Copy(engine.CopyArgs{Dst: a.C, DstOffset: a.M*a.N - 1, Src: one, Block: 1, Count: 1, Accumulate: true})
	}))
}

// TestChooseMatrices takes the largest small matrices of the kind that is asked for, if the tile can be made of them.
func TestChooseMatrices(t *testing.T) {
	device := func(subgroup int, list ...vk.Matrix) *vk.PhysicalDevice {
		return &vk.PhysicalDevice{SubgroupSize: subgroup, Matrices: list}
	}
	half, brain := vk.Matrix{M: 16, N: 16, K: 16}, vk.Matrix{M: 16, N: 16, K: 16, BF16: true}
	small, odd := vk.Matrix{M: 16, N: 8, K: 8, BF16: true}, vk.Matrix{M: 16, N: 48, K: 16, BF16: true}
	require.Nil(t, chooseMatrices(device(32), false))
	require.Nil(t, chooseMatrices(device(32, half), false))
	require.Nil(t, chooseMatrices(device(32, odd), false), "48 columns do not divide a tile")
	require.Nil(t, chooseMatrices(device(0, brain), false), "subgroups of unknown size")
	require.Nil(t, chooseMatrices(device(2, brain), false), "too many subgroups")
	require.Equal(t, &matrices{brain, 32, "_matrix", false}, chooseMatrices(device(32, half, small, brain, odd), false))
	require.Equal(t, &matrices{half, 64, "_matrix_f16", false}, chooseMatrices(device(64, brain, half), true))
	require.Equal(t, &matrices{vk.Matrix{M: 8, N: 16, K: 16, BF16: true}, 16, "_matrix", false},
		chooseMatrices(device(16, vk.Matrix{M: 8, N: 16, K: 16, BF16: true}), false))
}
