//go:build vulkan

package vulkan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/enginetest"
	"mien/engine/vulkan"
)

// TestConformance runs the conformance suite on the first device.
func TestConformance(t *testing.T) {
	enginetest.RunAll(t, func() engine.Backend {
		b, err := vulkan.New(vulkan.Config{Slab: 1 << 20})
		require.NoError(t, err)
		return b
	}, enginetest.Options{})
}
