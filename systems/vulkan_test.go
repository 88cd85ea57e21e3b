//go:build vulkan

package systems

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine/cpu"
	"mien/engine/vulkan"
)

// TestVulkanTraining trains every system on the first device. As the random numbers are the same, its steps have the CPU's losses and norms
// of gradients; computed again, with layers rematerialised, they have the same bits.
func TestVulkanTraining(t *testing.T) {
	b, err := vulkan.New(vulkan.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, b.Close()) }()
	for _, s := range All {
		want, got := runOn(t, cpu.New(), s.Name, false), runOn(t, b, s.Name, false)
		compared := got.steps[:tinySteps]
		if s.Name == "mobilefacenet" {
			// Before a batch norm gradients are 0 but for rounding, and AdamW makes whole steps of that: the CPU's kernels differ as much.
			compared = compared[:1]
		}
		for i, step := range compared {
			require.InEpsilon(t, want.steps[i].Loss, step.Loss, 1e-5, "loss of %s, step %d", s.Name, i)
			require.InEpsilon(t, want.steps[i].GradNorm, step.GradNorm, 1e-4, "gradients of %s, step %d", s.Name, i)
		}
		require.Equal(t, got, runOn(t, b, s.Name, true), "%s recomputed", s.Name)
	}
}
