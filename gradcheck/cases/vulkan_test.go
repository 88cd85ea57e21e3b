//go:build vulkan

package cases_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/vulkan"
	"mien/gradcheck"
	"mien/gradcheck/cases"
)

// kept is a backend on which one case follows the other.
type kept struct{ engine.Backend }

func (k kept) Close() error { return k.Sync() }

// TestVulkan compares the outputs and gradients of all ops, layers and models on the first Vulkan device with those of float64 on the CPU,
// in float32 and in training at bf16. Computed again there, they have the same bits.
func TestVulkan(t *testing.T) {
	b, err := vulkan.New(vulkan.Config{Cache: t.TempDir()})
	require.NoError(t, err)
	defer func() { require.NoError(t, b.Close()) }()
	device := func() engine.Backend { return kept{b} }
	for _, c := range append(gradcheck.Ops(), cases.Layers()...) {
		t.Run(c.Name, func(t *testing.T) {
			want, err := gradcheck.Gradients(c, gradcheck.Target{Backend: newCPU, DType: engine.Float64})
			require.NoError(t, err)
			_, err = gradcheck.Compare(c, want, gradcheck.Target{Backend: device, Tol: 2e-5})
			require.NoError(t, err)
			_, err = gradcheck.Compare(c, want, gradcheck.Target{Backend: device, Precision: engine.BF16})
			require.NoError(t, err)
			once, err := gradcheck.Gradients(c, gradcheck.Target{Backend: device})
			require.NoError(t, err)
			again, err := gradcheck.Gradients(c, gradcheck.Target{Backend: device})
			require.NoError(t, err)
			require.Equal(t, once, again, "the same bits")
		})
	}
}
