//go:build vulkan

package vk

import (
	"testing"

	"github.com/ebitengine/purego"
	"github.com/stretchr/testify/require"
)

// TestMissingFunctions has a driver without most functions: what was made is given back.
func TestMissingFunctions(t *testing.T) {
	var given []uintptr
	destroy := purego.NewCallback(func(handle, _ uintptr) uintptr { given = append(given, handle); return 0 })
	only := func(known string) func(string) uintptr {
		return func(name string) uintptr {
			if name == known {
				return destroy
			}
			return 0
		}
	}
	require.EqualError(t, (&Instance{handle: 5}).resolve(only("vkDestroyInstance")),
		"the Vulkan driver has no vkEnumeratePhysicalDevices, which version 1.3 must have")
	require.EqualError(t, (&Device{handle: 6}).resolve(only("vkDestroyDevice")),
		"the Vulkan driver has no vkGetDeviceQueue, which version 1.3 must have")
	require.Equal(t, []uintptr{5, 6}, given)
	require.Error(t, (&Instance{handle: 7}).resolve(only("")), "not even a way to give back")
}
