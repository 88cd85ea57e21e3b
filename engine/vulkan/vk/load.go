//go:build vulkan

// Package vk is the part of Vulkan 1.3 that computing needs, without cgo: some fifty functions of the system's loader, called through
// purego, behind methods that take and return Go values. It knows nothing of tensors.
//
// Read load.go (how a C function is found and called), arena.go (how it gets its structs), instance.go (which devices there are), then
// device.go, memory.go, pipeline.go and command.go in the order in which a program uses them.
package vk

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Handles of 64 bits are passed as uintptr, and structs have C's layout: this does not compile where addresses are shorter.
const _ uint = uint(^uintptr(0)>>63) - 1

// procs are the addresses of C functions. A field has the name of its function without "vk".
type procs struct {
	// Known without an instance.
	CreateInstance, EnumerateInstanceVersion, EnumerateInstanceExtensionProperties uintptr
}

// instanceProcs are found by vkGetInstanceProcAddr.
type instanceProcs struct {
	DestroyInstance, EnumeratePhysicalDevices, EnumerateDeviceExtensionProperties, CreateDevice, GetDeviceProcAddr,
	GetPhysicalDeviceProperties2, GetPhysicalDeviceFeatures2, GetPhysicalDeviceMemoryProperties2,
	GetPhysicalDeviceQueueFamilyProperties uintptr

	GetPhysicalDeviceCooperativeMatrixPropertiesKHR uintptr // 0 where no driver has it
}

// deviceProcs are found by vkGetDeviceProcAddr, which spares the loader's detour.
type deviceProcs struct {
	DestroyDevice, GetDeviceQueue, DeviceWaitIdle,
	CreateBuffer, DestroyBuffer, GetBufferMemoryRequirements, GetBufferDeviceAddress, AllocateMemory, FreeMemory, BindBufferMemory,
	MapMemory, FlushMappedMemoryRanges, InvalidateMappedMemoryRanges,
	CreateShaderModule, DestroyShaderModule, CreatePipelineLayout, DestroyPipelineLayout, CreateComputePipelines, DestroyPipeline,
	CreatePipelineCache, DestroyPipelineCache, GetPipelineCacheData,
	CreateCommandPool, DestroyCommandPool, AllocateCommandBuffers, BeginCommandBuffer, EndCommandBuffer,
	CmdBindPipeline, CmdPushConstants, CmdDispatch, CmdPipelineBarrier, CmdCopyBuffer, CmdResetQueryPool, CmdWriteTimestamp,
	CreateQueryPool, DestroyQueryPool, GetQueryPoolResults,
	QueueSubmit, CreateFence, DestroyFence, ResetFences, WaitForFences uintptr
}

// library is the system's Vulkan loader.
var library = sync.OnceValues(func() (getInstanceProcAddr uintptr, err error) {
	handle, err := openLibrary()
	if err != nil {
		return 0, fmt.Errorf("the Vulkan loader can't be opened (%w): install it, with the driver of the GPU", err)
	}
	return symbol(handle, "vkGetInstanceProcAddr")
})

// resolve sets every field of a table of procs; find returns 0 for a function that is not there.
func resolve(table any, find func(name string) uintptr) error {
	v := reflect.ValueOf(table).Elem()
	for i := range v.NumField() {
		name := "vk" + v.Type().Field(i).Name
		address := find(name)
		if address == 0 && !optional(name) {
			return fmt.Errorf("the Vulkan driver has no %s, which version 1.3 must have", name)
		}
		v.Field(i).SetUint(uint64(address))
	}
	return nil
}

// optional tells functions of extensions, whose names end in the vendor's capitals.
func optional(name string) bool { return name[len(name)-1] >= 'A' && name[len(name)-1] <= 'Z' }

// lookUp asks one of Vulkan's functions for the address of another.
func lookUp(get, handle uintptr) func(name string) uintptr {
	return func(name string) uintptr {
		text := append([]byte(name), 0)
		address, _, _ := purego.SyscallN(get, handle, uintptr(unsafe.Pointer(&text[0])))
		runtime.KeepAlive(text)
		return address
	}
}

// call calls a function that returns nothing, or something other than a Result.
func call(proc uintptr, args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(proc, args...)
	return r
}

// try calls a function that returns a Result.
func try(proc uintptr, args ...uintptr) error {
	if r := Result(int32(call(proc, args...))); r != success {
		return r
	}
	return nil
}
