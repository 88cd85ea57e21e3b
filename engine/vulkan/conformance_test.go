//go:build vulkan

package vulkan_test

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/enginetest"
	"mien/engine/vulkan"
)

// TestConformance runs the conformance suite on the first device, with each way of handing over work, and compares the bits of everything
// that the suite reads: with a wait after each kernel nothing can overtake anything, so a barrier that the tracker forgot shows. Small
// slabs have tensors side by side and in many pieces of memory, and few workgroups have to walk in strides, as those of tensors that are
// too large for a test. A short run takes the tracker's way alone.
func TestConformance(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // the suite allocates much and keeps nothing
	ways := []struct {
		name   string
		config vulkan.Config
	}{
		{"tracked", vulkan.Config{}},
		{"waiting", vulkan.Config{Submission: vulkan.Waiting, Slab: 1 << 20, Groups: 64}},
		{"erratic", vulkan.Config{Submission: vulkan.Erratic, Slab: 1 << 20}},
	}
	if testing.Short() {
		ways = ways[:1]
	}
	var tracked []enginetest.Reading
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			log := []enginetest.Reading{}
			enginetest.RunAll(t, func() engine.Backend {
				b, err := vulkan.New(way.config)
				require.NoError(t, err)
				return &enginetest.Recorder{Backend: b, Log: &log}
			}, enginetest.Options{})
			if tracked == nil {
				tracked = log
			}
			enginetest.CompareReadings(t, tracked, log)
		})
	}
}
