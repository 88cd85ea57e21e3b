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
// that the suite reads: in batches; with a wait after each command, which sees no memory but what it declares; and in batches of random
// lengths, last to first where no barrier forbids it. Small slabs have tensors in many pieces of memory, two workgroups have to walk in
// strides, as those of tensors that are too large for a test, and a small ring has to wait for what is copied from it. A short run takes
// the first way alone. One workgroup would be too few: llvmpipe silently ends all loops of a thread after 65,535 rounds.
func TestConformance(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // the suite allocates much and keeps nothing
	ways := []struct {
		name string
		open func(t *testing.T) (*vulkan.Backend, error)
	}{
		{"tracked", func(*testing.T) (*vulkan.Backend, error) { return vulkan.New(vulkan.Config{}) }},
		{"waiting", func(t *testing.T) (*vulkan.Backend, error) {
			report := func(problem string) { t.Error(problem) }
			return vulkan.NewPoisoned(vulkan.Config{Slab: 64 << 10, Groups: 2}, report)
		}},
		{"reversed", func(*testing.T) (*vulkan.Backend, error) {
			return vulkan.NewReversed(vulkan.Config{Slab: 1 << 20, Ring: 16 << 10})
		}},
	}
	if testing.Short() {
		ways = ways[:1]
	}
	var tracked []enginetest.Reading
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			log := []enginetest.Reading{}
			enginetest.RunAll(t, func() engine.Backend {
				b, err := way.open(t)
				require.NoError(t, err)
				return &enginetest.Recorder{Backend: b, Log: &log}
			}, enginetest.Options{})
			if tracked == nil {
				tracked = log
			}
			enginetest.CompareReadings(t, tracked, log)
			t.Logf("all readings: %016x", enginetest.Digest(log))
		})
	}
}
