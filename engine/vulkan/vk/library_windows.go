//go:build vulkan

package vk

import "golang.org/x/sys/windows"

func openLibrary() (uintptr, error) {
	handle, err := windows.LoadLibrary("vulkan-1.dll")
	return uintptr(handle), err
}

func symbol(handle uintptr, name string) (uintptr, error) {
	return windows.GetProcAddress(windows.Handle(handle), name)
}
