//go:build vulkan && (linux || darwin || freebsd)

package vk

import (
	"cmp"
	"runtime"

	"github.com/ebitengine/purego"
)

func openLibrary() (handle uintptr, err error) {
	names := []string{"libvulkan.so.1", "libvulkan.so"}
	if runtime.GOOS == "darwin" {
		names = []string{"libvulkan.1.dylib", "libvulkan.dylib", "libMoltenVK.dylib"}
	}
	var first error
	for _, name := range names {
		if handle, err = purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL); err == nil {
			return handle, nil
		}
		first = cmp.Or(first, err)
	}
	return 0, first
}

func symbol(handle uintptr, name string) (uintptr, error) { return purego.Dlsym(handle, name) }
