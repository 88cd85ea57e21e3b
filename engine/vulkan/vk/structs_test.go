//go:build vulkan

package vk

import (
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// layouts are the sizes of the structs in C, and the offsets of fields behind the head, as a program of C prints them that has sizeof and
// offsetof of vulkan_core.h, for amd64 and arm64.
var layouts = []struct {
	of     any
	size   uintptr
	fields string
}{
	{applicationInfo{}, 48, "applicationName 16 applicationVersion 24 engineName 32 engineVersion 40 apiVersion 44"},
	{instanceCreateInfo{}, 64, "flags 16 applicationInfo 24 layerCount 32 layerNames 40 extensionCount 48 extensionNames 56"},
	{physicalDeviceProperties2{}, 840, "apiVersion 16 driverVersion 20 vendorID 24 deviceID 28 " +
		"deviceType 32 deviceName 36 pipelineCacheUUID 292 limits 312 sparse 816"},
	{physicalDeviceLimits{}, 504, "maxPushConstantsSize 32 maxComputeSharedMemorySize 216 maxComputeWorkGroupCount 220 " +
		"maxComputeWorkGroupInvocations 232 maxComputeWorkGroupSize 236 timestampComputeAndGraphics 420 " +
		"timestampPeriod 424 nonCoherentAtomSize 496"},
	{driverProperties{}, 536, "driverID 16 driverName 20 driverInfo 276 conformanceVersion 532"},
	{subgroupProperties{}, 32, "subgroupSize 16 supportedStages 20 supportedOperations 24 quadOperationsInAllStages 28"},
	{vulkan13Properties{}, 216, "minSubgroupSize 16 maxSubgroupSize 20 maxComputeWorkgroupSubgroups 24 requiredSubgroupSizeStages 28 " +
		"maxBufferSize 208"},
	{maintenance3Properties{}, 32, "maxPerSetDescriptors 16 maxMemoryAllocationSize 24"},
	{physicalDeviceFeatures2{}, 240, "features 16"},
	{vulkan11Features{}, 64, "storageBuffer16BitAccess 16"},
	{vulkan12Features{}, 208, "shaderFloat16 44 bufferDeviceAddress 168 vulkanMemoryModel 180 vulkanMemoryModelDeviceScope 184"},
	{vulkan13Features{}, 80, "subgroupSizeControl 44 computeFullSubgroups 48 maintenance4 72"},
	{cooperativeMatrixFeatures{}, 24, "cooperativeMatrix 16 robustBufferAccess 20"},
	{shaderBFloat16Features{}, 32, "bfloat16Type 16 bfloat16DotProduct 20 bfloat16CooperativeMatrix 24"},
	{cooperativeMatrixProperties{}, 56, "m 16 n 20 k 24 aType 28 " +
		"bType 32 cType 36 resultType 40 saturatingAccumulation 44 scope 48"},
	{extensionProperties{}, 260, "name 0 version 256"},
	{queueFamilyProperties{}, 24, "flags 0 count 4 timestampValidBits 8 granularity 12"},
	{memoryProperties2{}, 536, "typeCount 16 types 20 heapCount 276 heaps 280"},
	{memoryBudgetProperties{}, 272, "budget 16 usage 144"},
	{deviceQueueCreateInfo{}, 40, "flags 16 family 20 count 24 priorities 32"},
	{deviceCreateInfo{}, 72, "flags 16 queueCount 20 queues 24 layerCount 32 " +
		"layerNames 40 extensionCount 48 extensionNames 56 features 64"},
	{bufferCreateInfo{}, 56, "flags 16 size 24 usage 32 sharing 36 familyCount 40 families 48"},
	{memoryRequirements{}, 24, "size 0 alignment 8 types 16"},
	{memoryAllocateInfo{}, 32, "size 16 kind 24"},
	{memoryAllocateFlagsInfo{}, 24, "flags 16 deviceMask 20"},
	{mappedMemoryRange{}, 40, "memory 16 offset 24 size 32"},
	{bufferDeviceAddressInfo{}, 24, "buffer 16"},
	{shaderModuleCreateInfo{}, 40, "flags 16 size 24 code 32"},
	{pipelineLayoutCreateInfo{}, 48, "flags 16 setCount 20 sets 24 rangeCount 32 ranges 40"},
	{pushConstantRange{}, 12, "stages 0 offset 4 size 8"},
	{specializationMapEntry{}, 16, "id 0 offset 4 size 8"},
	{specializationInfo{}, 32, "count 0 entries 8 size 16 data 24"},
	{requiredSubgroupSizeCreateInfo{}, 24, "size 16"},
	{pipelineShaderStageCreateInfo{}, 48, "flags 16 stage 20 module 24 name 32 specialization 40"},
	{computePipelineCreateInfo{}, 96, "flags 16 stage 24 layout 72 base 80 baseIndex 88"},
	{pipelineCacheCreateInfo{}, 40, "flags 16 size 24 data 32"},
	{commandPoolCreateInfo{}, 24, "flags 16 family 20"},
	{commandBufferAllocateInfo{}, 32, "pool 16 level 24 count 28"},
	{commandBufferBeginInfo{}, 32, "flags 16 inheritance 24"},
	{fenceCreateInfo{}, 24, "flags 16"},
	{submitInfo{}, 72, "waitCount 16 waits 24 waitStages 32 commandCount 40 commands 48 signalCount 56 signals 64"},
	{memoryBarrier{}, 24, "from 16 to 20"},
	{bufferCopy{}, 24, "from 0 to 8 size 16"},
	{queryPoolCreateInfo{}, 32, "flags 16 kind 20 count 24 statistics 28"},
}

// TestSizes compares the layout of every struct with C's.
func TestSizes(t *testing.T) {
	known := map[string]bool{"head": true}
	for _, l := range layouts {
		of := reflect.TypeOf(l.of)
		known[of.Name()] = true
		require.Equal(t, l.size, of.Size(), of.Name())
		offsets := pairs(t, l.fields)
		for i := range of.NumField() {
			f := of.Field(i)
			if f.Name == "head" {
				require.Zero(t, f.Offset, of.Name())
				require.EqualValues(t, 16, f.Type.Size())
			} else if f.Name != "_" {
				require.Contains(t, offsets, f.Name, "%s: a field without C's offset", of.Name())
				require.Equal(t, offsets[f.Name], f.Offset, "%s.%s", of.Name(), f.Name)
			}
		}
	}
	source, err := os.ReadFile("structs.go")
	require.NoError(t, err)
	for _, match := range regexp.MustCompile(`(?m)^type (\w+) struct`).FindAllSubmatch(source, -1) {
		require.True(t, known[string(match[1])], "%s: a struct without C's layout", match[1])
	}
}

// pairs reads names and numbers in turn.
func pairs(t *testing.T, text string) map[string]uintptr {
	words, of := strings.Fields(text), map[string]uintptr{}
	for i := 0; i < len(words); i += 2 {
		n, err := strconv.Atoi(words[i+1])
		require.NoError(t, err)
		of[words[i]] = uintptr(n)
	}
	return of
}
