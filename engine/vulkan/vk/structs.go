//go:build vulkan

package vk

import "structs"

// The structs of vulkan_core.h that are used here, with C's names and order. On 64-bit machines Go and C lay them out alike, as every field
// is aligned to its size (TestSizes). Pointers are uintptr: what they point to lies in an arena. Handles are uintptr or uint64.

// head begins most structs: which one it is, and the next of a chain.
type head struct {
	_    structs.HostLayout
	kind structureType
	next uintptr
}

type structureType uint32

const (
	kindApplicationInfo                    structureType = 0
	kindInstanceCreateInfo                 structureType = 1
	kindDeviceQueueCreateInfo              structureType = 2
	kindDeviceCreateInfo                   structureType = 3
	kindSubmitInfo                         structureType = 4
	kindMemoryAllocateInfo                 structureType = 5
	kindMappedMemoryRange                  structureType = 6
	kindFenceCreateInfo                    structureType = 8
	kindQueryPoolCreateInfo                structureType = 11
	kindBufferCreateInfo                   structureType = 12
	kindShaderModuleCreateInfo             structureType = 16
	kindPipelineCacheCreateInfo            structureType = 17
	kindPipelineShaderStageCreateInfo      structureType = 18
	kindComputePipelineCreateInfo          structureType = 29
	kindPipelineLayoutCreateInfo           structureType = 30
	kindCommandPoolCreateInfo              structureType = 39
	kindCommandBufferAllocateInfo          structureType = 40
	kindCommandBufferBeginInfo             structureType = 42
	kindMemoryBarrier                      structureType = 46
	kindVulkan11Features                   structureType = 49
	kindVulkan12Features                   structureType = 51
	kindVulkan13Features                   structureType = 53
	kindVulkan13Properties                 structureType = 54
	kindPhysicalDeviceFeatures2            structureType = 1000059000
	kindPhysicalDeviceProperties2          structureType = 1000059001
	kindPhysicalDeviceMemoryProperties2    structureType = 1000059006
	kindMemoryAllocateFlagsInfo            structureType = 1000060000
	kindSubgroupProperties                 structureType = 1000094000
	kindShaderBFloat16Features             structureType = 1000141000
	kindMaintenance3Properties             structureType = 1000168000
	kindDriverProperties                   structureType = 1000196000
	kindRequiredSubgroupSizeCreateInfo     structureType = 1000225001
	kindMemoryBudgetProperties             structureType = 1000237000
	kindBufferDeviceAddressInfo            structureType = 1000244001
	kindCooperativeMatrixFeatures          structureType = 1000506000
	kindCooperativeMatrixProperties        structureType = 1000506001
	version13                              uint32        = 1<<22 | 3<<12
	computeBindPoint, computeStage, isTrue               = 1, 0x20, 1
)

type applicationInfo struct {
	head
	applicationName    uintptr
	applicationVersion uint32
	engineName         uintptr
	engineVersion      uint32
	apiVersion         uint32
}

type instanceCreateInfo struct {
	head
	flags           uint32
	applicationInfo uintptr
	layerCount      uint32
	layerNames      uintptr
	extensionCount  uint32
	extensionNames  uintptr
}

type physicalDeviceProperties2 struct {
	head
	apiVersion        uint32
	driverVersion     uint32
	vendorID          uint32
	deviceID          uint32
	deviceType        DeviceType
	deviceName        [256]byte
	pipelineCacheUUID [16]byte
	_                 uint32
	limits            physicalDeviceLimits
	sparse            [5]uint32
	_                 uint32
}

// physicalDeviceLimits has names for the limits that are read here, and blanks for the others.
type physicalDeviceLimits struct {
	_                              [8]uint32
	maxPushConstantsSize           uint32
	_                              [3]uint32 // with padding
	_                              [42]uint32
	maxComputeSharedMemorySize     uint32
	maxComputeWorkGroupCount       [3]uint32
	maxComputeWorkGroupInvocations uint32
	maxComputeWorkGroupSize        [3]uint32
	_                              [43]uint32
	timestampComputeAndGraphics    uint32
	timestampPeriod                float32
	_                              [13]uint32 // with padding
	_                              [2]uint64
	nonCoherentAtomSize            uint64
}

type driverProperties struct {
	head
	driverID           uint32
	driverName         [256]byte
	driverInfo         [256]byte
	conformanceVersion [4]byte
}

type subgroupProperties struct {
	head
	subgroupSize, supportedStages, supportedOperations, quadOperationsInAllStages uint32
}

type vulkan13Properties struct {
	head
	minSubgroupSize, maxSubgroupSize uint32
	maxComputeWorkgroupSubgroups     uint32
	requiredSubgroupSizeStages       uint32
	_                                [6]uint32  // inline uniform blocks
	_                                [30]uint32 // products of integers
	_                                [4]uint64  // buffers of texels, with padding
	maxBufferSize                    uint64
}

type maintenance3Properties struct {
	head
	maxPerSetDescriptors    uint32
	maxMemoryAllocationSize uint64
}

type physicalDeviceFeatures2 struct {
	head
	features [55]uint32
}

type vulkan11Features struct {
	head
	storageBuffer16BitAccess uint32
	_                        [11]uint32
}

type vulkan12Features struct {
	head
	_                            [7]uint32
	shaderFloat16                uint32
	_                            [30]uint32
	bufferDeviceAddress          uint32
	_                            [2]uint32
	vulkanMemoryModel            uint32
	vulkanMemoryModelDeviceScope uint32
	_                            [4]uint32
}

type vulkan13Features struct {
	head
	_                    [7]uint32
	subgroupSizeControl  uint32
	computeFullSubgroups uint32
	_                    [5]uint32
	maintenance4         uint32
}

type cooperativeMatrixFeatures struct {
	head
	cooperativeMatrix, robustBufferAccess uint32
}

type shaderBFloat16Features struct {
	head
	bfloat16Type, bfloat16DotProduct, bfloat16CooperativeMatrix uint32
}

type cooperativeMatrixProperties struct {
	head
	m, n, k                         uint32
	aType, bType, cType, resultType uint32
	saturatingAccumulation, scope   uint32
}

type extensionProperties struct {
	name    [256]byte
	version uint32
}

type queueFamilyProperties struct {
	flags, count, timestampValidBits uint32
	granularity                      [3]uint32
}

type memoryProperties2 struct {
	head
	typeCount uint32
	types     [32]struct{ flags, heap uint32 }
	heapCount uint32
	heaps     [16]struct {
		size  uint64
		flags uint32
		_     uint32
	}
}

type memoryBudgetProperties struct {
	head
	budget, usage [16]uint64
}

type deviceQueueCreateInfo struct {
	head
	flags, family, count uint32
	priorities           uintptr
}

type deviceCreateInfo struct {
	head
	flags, queueCount uint32
	queues            uintptr
	layerCount        uint32
	layerNames        uintptr
	extensionCount    uint32
	extensionNames    uintptr
	features          uintptr
}

type bufferCreateInfo struct {
	head
	flags          uint32
	size           uint64
	usage, sharing uint32
	familyCount    uint32
	families       uintptr
}

type memoryRequirements struct {
	size, alignment uint64
	types           uint32
}

type memoryAllocateInfo struct {
	head
	size uint64
	kind uint32
}

type memoryAllocateFlagsInfo struct {
	head
	flags, deviceMask uint32
}

type mappedMemoryRange struct {
	head
	memory, offset, size uint64
}

type bufferDeviceAddressInfo struct {
	head
	buffer uint64
}

type shaderModuleCreateInfo struct {
	head
	flags uint32
	size  uintptr
	code  uintptr
}

type pipelineLayoutCreateInfo struct {
	head
	flags, setCount uint32
	sets            uintptr
	rangeCount      uint32
	ranges          uintptr
}

type pushConstantRange struct{ stages, offset, size uint32 }

type specializationMapEntry struct {
	id, offset uint32
	size       uintptr
}

type specializationInfo struct {
	count   uint32
	entries uintptr
	size    uintptr
	data    uintptr
}

type requiredSubgroupSizeCreateInfo struct {
	head
	size uint32
}

type pipelineShaderStageCreateInfo struct {
	head
	flags, stage   uint32
	module         uint64
	name           uintptr
	specialization uintptr
}

type computePipelineCreateInfo struct {
	head
	flags     uint32
	stage     pipelineShaderStageCreateInfo
	layout    uint64
	base      uint64
	baseIndex int32
}

type pipelineCacheCreateInfo struct {
	head
	flags uint32
	size  uintptr
	data  uintptr
}

type commandPoolCreateInfo struct {
	head
	flags, family uint32
}

type commandBufferAllocateInfo struct {
	head
	pool         uint64
	level, count uint32
}

type commandBufferBeginInfo struct {
	head
	flags       uint32
	inheritance uintptr
}

type fenceCreateInfo struct {
	head
	flags uint32
}

type submitInfo struct {
	head
	waitCount    uint32
	waits        uintptr
	waitStages   uintptr
	commandCount uint32
	commands     uintptr
	signalCount  uint32
	signals      uintptr
}

type memoryBarrier struct {
	head
	from, to uint32
}

type bufferCopy struct{ from, to, size uint64 }

type queryPoolCreateInfo struct {
	head
	flags, kind, count, statistics uint32
}
