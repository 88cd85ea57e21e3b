//go:build vulkan

package vk

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// enough returns a device that just has what shaders need.
func enough() *PhysicalDevice {
	return &PhysicalDevice{Version: [2]uint32{1, 3}, SharedBytes: 32 << 10, Invocations: 256, PushBytes: 128, BufferBytes: 1 << 30,
		enabled: features{addresses: true, storage16: true}, queues: []queueFamilyProperties{{flags: 2}}}
}

// TestUsable takes from a device one thing at a time that it needs: one line says which.
func TestUsable(t *testing.T) {
	require.NoError(t, enough().Usable())
	for want, lacking := range map[string]func(*PhysicalDevice){
		"its driver has Vulkan 1.2 or older, and 1.3 is needed":                                                                 func(d *PhysicalDevice) { d.Version[1] = 2 },
		"its driver could not describe it: the device was lost: its driver stopped, or something ran too long for its watchdog": func(d *PhysicalDevice) { d.unread = Lost },
		"its workgroups share 16 KiB of memory, and 32 are needed":                                                              func(d *PhysicalDevice) { d.SharedBytes = 16 << 10 },
		"its workgroups have 128 threads at most, and 256 are needed":                                                           func(d *PhysicalDevice) { d.Invocations = 128 },
		"it takes 64 bytes of push constants, and 128 are needed":                                                               func(d *PhysicalDevice) { d.PushBytes = 64 },
		"it has buffers of 16 MiB at most, and 32 are needed":                                                                   func(d *PhysicalDevice) { d.BufferBytes = 16 << 20 },
		"its driver lacks bufferDeviceAddress":                                                                                  func(d *PhysicalDevice) { d.enabled.addresses = false },
		"its driver lacks storageBuffer16BitAccess":                                                                             func(d *PhysicalDevice) { d.enabled.storage16 = false },
		"it has no queue for computing":                                                                                         func(d *PhysicalDevice) { d.queues[0].flags = 1 },
	} {
		d := enough()
		lacking(d)
		require.EqualError(t, d.Usable(), want)
	}
}

// TestSubgroups requires sizes of subgroups that a device lets shaders require.
func TestSubgroups(t *testing.T) {
	s := Subgroups{Size: 32, Min: 16, Max: 64, Most: 8, Required: true}
	for size, want := range map[int]bool{0: false, 8: false, 16: false, 32: true, 64: true, 128: false} {
		require.Equal(t, want, s.Fit(size, 256), "%d", size)
	}
	require.False(t, s.Fit(32, 240), "no full ones")
	s.Required = false
	require.False(t, s.Fit(32, 256))
}

// TestElapsed subtracts times of 36 bits, of which the second has wrapped, and the others are noise.
func TestElapsed(t *testing.T) {
	d := &PhysicalDevice{TimestampPeriod: 2, queues: []queueFamilyProperties{{flags: 2, timestampValidBits: 36}}}
	require.Equal(t, 14.0, d.Elapsed(3, 10))
	require.Equal(t, 22.0, d.Elapsed(0x5<<36|0xffffffffd, 0x3<<36|8))
	d.queues[0].timestampValidBits = 64
	require.Equal(t, 22.0, d.Elapsed(^uint64(2), 8))
}

// TestEnabledExtensions enables what is there and used, and on macOS what must be.
func TestEnabledExtensions(t *testing.T) {
	d := &PhysicalDevice{extensions: []string{"VK_KHR_portability_subset", "VK_KHR_cooperative_matrix", "VK_EXT_memory_budget", "VK_KHR_swapchain"}}
	require.ElementsMatch(t, []string{"VK_KHR_portability_subset", "VK_EXT_memory_budget"}, d.enabledExtensions())
	d.enabled.matrices = true
	require.ElementsMatch(t, []string{"VK_KHR_portability_subset", "VK_EXT_memory_budget", "VK_KHR_cooperative_matrix"}, d.enabledExtensions())
	d.extensions = nil
	require.Empty(t, d.enabledExtensions())
}

// TestOldLoader has a device with matrices, behind a loader that does not know how to ask for them: nothing is called.
func TestOldLoader(t *testing.T) {
	d := &PhysicalDevice{instance: &Instance{}, enabled: features{matrices: true, bfloat16: true}}
	require.NoError(t, d.readMatrices())
	require.Empty(t, d.Matrices)
	require.False(t, d.enabled.matrices || d.enabled.bfloat16, "nor is the feature enabled")
}

// TestDescribe reads what every device of Vulkan 1.3 must have, from structs with C's layout.
func TestDescribe(t *testing.T) {
	require.EqualValues(t, 216, unsafe.Sizeof(vulkan13Properties{}))
	require.EqualValues(t, 208, unsafe.Offsetof(vulkan13Properties{}.maxBufferSize))
	require.EqualValues(t, 32, unsafe.Sizeof(maintenance3Properties{}))
	in, err := Open()
	require.NoError(t, err)
	defer in.Close()
	devices, err := in.Devices()
	require.NoError(t, err)
	for _, d := range devices {
		s := d.Subgroups
		require.True(t, 1 <= s.Min && s.Min <= s.Size && s.Size <= s.Max && s.Max <= 128 && s.Most > 0, "%+v", s)
		require.GreaterOrEqual(t, d.BufferBytes, 1<<30, "which version 1.3 guarantees")
	}
}
