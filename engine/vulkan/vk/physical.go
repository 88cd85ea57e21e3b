//go:build vulkan

package vk

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// DeviceType is what kind of processor a device is.
type DeviceType uint32

const (
	Other DeviceType = iota
	Integrated
	Discrete
	Virtual
	Software // the CPU
)

func (t DeviceType) String() string {
	return [...]string{"other", "integrated", "discrete", "virtual", "software"}[t%5]
}

// PhysicalDevice describes a device that can be opened.
type PhysicalDevice struct {
	instance *Instance
	handle   uintptr

	Name, Driver    string
	Type            DeviceType
	UUID            [16]byte  // of its compiled pipelines: another driver has another
	Version         [2]uint32 // of Vulkan
	PushBytes       int       // of push constants, at most
	SharedBytes     int       // of a workgroup's memory, at most
	Invocations     int       // of a workgroup, at most
	Groups          int       // along the first axis, at most
	BufferBytes     int       // of a buffer and its memory, at most
	Subgroups       Subgroups
	TimestampPeriod float64 // nanoseconds of a tick
	Heaps           []Heap
	Matrices        []Matrix // that subgroups multiply as one

	unread      error // why it could not be described
	memoryTypes []memoryType
	queues      []queueFamilyProperties
	extensions  []string
	enabled     features
}

// Subgroups says how a workgroup's threads are divided into subgroups.
type Subgroups struct {
	Size     int  // unless another is required
	Min, Max int  // sizes that can be required
	Most     int  // of a workgroup, where a size is required
	Required bool // shaders that compute can require a size
}

// Fit tells whether a workgroup of so many threads can have full subgroups of a size.
func (s Subgroups) Fit(size, threads int) bool {
	return s.Required && size > 0 && s.Min <= size && size <= s.Max && threads%size == 0 && threads/size <= s.Most
}

// Heap is a piece of memory.
type Heap struct {
	Bytes int
	Near  bool // to the device
}

type memoryType struct {
	flags memoryFlags
	heap  int
}

// Matrix is a product of small matrices, M×K by K×N, that a subgroup computes as one, with sums in float32.
type Matrix struct {
	M, N, K int
	BF16    bool // operands are bfloat16, and float16 else
}

// features tells which of the features that are used here a device has.
type features struct{ addresses, storage16, matrices, bfloat16 bool }

// describe asks the driver. What it cannot say makes this device unusable, not the others.
func (d *PhysicalDevice) describe() {
	d.readProperties()
	if d.old() {
		return
	}
	d.readMemory()
	d.readQueues()
	if d.unread = d.readExtensions(); d.unread != nil {
		return
	}
	d.readFeatures()
	d.unread = d.readMatrices()
}

func (d *PhysicalDevice) old() bool { return d.Version[0] < 2 && d.Version[1] < 3 }

// What is needed. Of a workgroup Vulkan 1.3 guarantees half; drivers of GPUs for computers have it all.
const sharedBytes, invocations, pushBytes, bufferBytes = 32 << 10, 256, 128, 32 << 20

// Usable returns nil if mien can compute on the device, else what it lacks.
func (d *PhysicalDevice) Usable() error {
	switch {
	case d.old():
		return errors.New("its driver has Vulkan 1.2 or older, and 1.3 is needed")
	case d.unread != nil:
		return fmt.Errorf("its driver could not describe it: %w", d.unread)
	case d.SharedBytes < sharedBytes:
		return fmt.Errorf("its workgroups share %d KiB of memory, and %d are needed", d.SharedBytes>>10, sharedBytes>>10)
	case d.Invocations < invocations:
		return fmt.Errorf("its workgroups have %d threads at most, and %d are needed", d.Invocations, invocations)
	case d.PushBytes < pushBytes:
		return fmt.Errorf("it takes %d bytes of push constants, and %d are needed", d.PushBytes, pushBytes)
	case d.BufferBytes < bufferBytes:
		return fmt.Errorf("it has buffers of %d MiB at most, and %d are needed", d.BufferBytes>>20, bufferBytes>>20)
	case !d.enabled.addresses:
		return errors.New("its driver lacks bufferDeviceAddress")
	case !d.enabled.storage16:
		return errors.New("its driver lacks storageBuffer16BitAccess")
	case d.queueFamily() < 0:
		return errors.New("it has no queue for computing")
	}
	return nil
}

func (d *PhysicalDevice) readProperties() {
	a := d.instance.arena
	a.reset()
	sizes := put(a, maintenance3Properties{head: head{kind: kindMaintenance3Properties}})
	v13 := put(a, vulkan13Properties{head: head{kind: kindVulkan13Properties, next: address(sizes)}})
	subgroup := put(a, subgroupProperties{head: head{kind: kindSubgroupProperties, next: address(v13)}})
	driver := put(a, driverProperties{head: head{kind: kindDriverProperties, next: address(subgroup)}})
	p := put(a, physicalDeviceProperties2{head: head{kind: kindPhysicalDeviceProperties2, next: address(driver)}})
	call(d.instance.procs.GetPhysicalDeviceProperties2, d.handle, address(p))
	d.Name, d.Type, d.UUID = text(p.deviceName[:]), p.deviceType, p.pipelineCacheUUID
	d.Driver = text(driver.driverName[:]) + " " + text(driver.driverInfo[:])
	d.Version = [2]uint32{p.apiVersion >> 22 & 127, p.apiVersion >> 12 & 1023}
	d.Subgroups = Subgroups{Size: int(subgroup.subgroupSize), Min: int(v13.minSubgroupSize), Max: int(v13.maxSubgroupSize),
		Most: int(v13.maxComputeWorkgroupSubgroups), Required: v13.requiredSubgroupSizeStages&computeStage != 0}
	d.BufferBytes = int(min(v13.maxBufferSize, sizes.maxMemoryAllocationSize, math.MaxInt))
	l := p.limits
	d.PushBytes, d.SharedBytes = int(l.maxPushConstantsSize), int(l.maxComputeSharedMemorySize)
	d.Invocations = int(min(l.maxComputeWorkGroupInvocations, l.maxComputeWorkGroupSize[0]))
	d.Groups = int(min(l.maxComputeWorkGroupCount[0], 1<<30))
	d.TimestampPeriod = float64(l.timestampPeriod)
}

func (d *PhysicalDevice) readMemory() {
	a := d.instance.arena
	a.reset()
	p := put(a, memoryProperties2{head: head{kind: kindPhysicalDeviceMemoryProperties2}})
	call(d.instance.procs.GetPhysicalDeviceMemoryProperties2, d.handle, address(p))
	for _, h := range p.heaps[:p.heapCount] {
		d.Heaps = append(d.Heaps, Heap{Bytes: int(h.size), Near: h.flags&1 != 0})
	}
	for _, t := range p.types[:p.typeCount] {
		d.memoryTypes = append(d.memoryTypes, memoryType{memoryFlags(t.flags), int(t.heap)})
	}
}

func (d *PhysicalDevice) readQueues() {
	a := d.instance.arena
	a.reset()
	n := put(a, uint32(0))
	call(d.instance.procs.GetPhysicalDeviceQueueFamilyProperties, d.handle, address(n), 0)
	families := putSlice(a, make([]queueFamilyProperties, *n))
	call(d.instance.procs.GetPhysicalDeviceQueueFamilyProperties, d.handle, address(n), first(families))
	d.queues = slices.Clone(families)
}

// queueFamily returns the family of queues to compute on, rather one that does not draw, −1 if there is none.
func (d *PhysicalDevice) queueFamily() int {
	const graphics, compute = 1, 2
	computes := func(f queueFamilyProperties) bool { return f.flags&compute != 0 }
	if i := slices.IndexFunc(d.queues, func(f queueFamilyProperties) bool { return computes(f) && f.flags&graphics == 0 }); i >= 0 {
		return i
	}
	return slices.IndexFunc(d.queues, computes)
}

// Elapsed returns the nanoseconds from one time to another. Only the low bits of times are valid, and they wrap.
func (d *PhysicalDevice) Elapsed(from, to uint64) float64 {
	mask := ^uint64(0) >> (64 - d.queues[d.queueFamily()].timestampValidBits)
	return float64((to-from)&mask) * d.TimestampPeriod
}

// HasTimestamps tells whether the device can say when a command was done.
func (d *PhysicalDevice) HasTimestamps() bool {
	i := d.queueFamily()
	return i >= 0 && d.queues[i].timestampValidBits > 0 && d.TimestampPeriod > 0
}

func (d *PhysicalDevice) readExtensions() (err error) {
	a := d.instance.arena
	a.reset()
	d.extensions, err = extensions(func(n *uint32, properties uintptr) error {
		return try(d.instance.procs.EnumerateDeviceExtensionProperties, d.handle, 0, address(n), properties)
	}, a)
	return err
}

func (d *PhysicalDevice) has(extension string) bool { return slices.Contains(d.extensions, extension) }

const (
	matrixExtension   = "VK_KHR_cooperative_matrix"
	bfloat16Extension = "VK_KHR_shader_bfloat16"
	budgetExtension   = "VK_EXT_memory_budget"

	portabilityExtension = "VK_KHR_portability_enumeration" // of the instance
	subsetExtension      = "VK_KHR_portability_subset"      // of devices that it lists, which must be enabled
)

// enabledExtensions returns the names of those that are used.
func (d *PhysicalDevice) enabledExtensions() (names []string) {
	for name, used := range map[string]bool{
		matrixExtension: d.enabled.matrices, bfloat16Extension: d.enabled.bfloat16, budgetExtension: true, subsetExtension: true,
	} {
		if used && d.has(name) {
			names = append(names, name)
		}
	}
	return names
}

// featureChain is the structs by which features are asked for and enabled. Those of extensions are nil where the device lacks them.
type featureChain struct {
	all    *physicalDeviceFeatures2
	v11    *vulkan11Features
	v12    *vulkan12Features
	v13    *vulkan13Features
	matrix *cooperativeMatrixFeatures
	bf16   *shaderBFloat16Features
}

func (d *PhysicalDevice) newFeatureChain(a *arena) (c featureChain) {
	next := uintptr(0)
	link := func(kind structureType) head { return head{kind: kind, next: next} }
	if d.has(matrixExtension) {
		c.matrix = put(a, cooperativeMatrixFeatures{head: link(kindCooperativeMatrixFeatures)})
		next = address(c.matrix)
	}
	if d.has(bfloat16Extension) {
		c.bf16 = put(a, shaderBFloat16Features{head: link(kindShaderBFloat16Features)})
		next = address(c.bf16)
	}
	c.v13 = put(a, vulkan13Features{head: link(kindVulkan13Features)})
	next = address(c.v13)
	c.v12 = put(a, vulkan12Features{head: link(kindVulkan12Features)})
	next = address(c.v12)
	c.v11 = put(a, vulkan11Features{head: link(kindVulkan11Features)})
	next = address(c.v11)
	c.all = put(a, physicalDeviceFeatures2{head: link(kindPhysicalDeviceFeatures2)})
	return c
}

func (d *PhysicalDevice) readFeatures() {
	a := d.instance.arena
	a.reset()
	c := d.newFeatureChain(a)
	call(d.instance.procs.GetPhysicalDeviceFeatures2, d.handle, address(c.all))
	d.enabled.addresses = c.v12.bufferDeviceAddress == isTrue
	d.enabled.storage16 = c.v11.storageBuffer16BitAccess == isTrue
	d.enabled.matrices = c.matrix != nil && c.matrix.cooperativeMatrix == isTrue && c.v12.shaderFloat16 == isTrue &&
		c.v12.vulkanMemoryModel == isTrue && c.v12.vulkanMemoryModelDeviceScope == isTrue &&
		c.v13.subgroupSizeControl == isTrue && c.v13.computeFullSubgroups == isTrue
	d.enabled.bfloat16 = d.enabled.matrices && c.bf16 != nil && c.bf16.bfloat16Type == isTrue && c.bf16.bfloat16CooperativeMatrix == isTrue
}

// enable returns the chain with the features that are used.
func (d *PhysicalDevice) enable(a *arena) uintptr {
	on := func(used bool) uint32 {
		if used {
			return isTrue
		}
		return 0
	}
	c, m := d.newFeatureChain(a), on(d.enabled.matrices)
	c.v12.bufferDeviceAddress, c.v11.storageBuffer16BitAccess = on(d.enabled.addresses), on(d.enabled.storage16)
	c.v12.shaderFloat16, c.v12.vulkanMemoryModel, c.v12.vulkanMemoryModelDeviceScope = m, m, m
	c.v13.subgroupSizeControl, c.v13.computeFullSubgroups = m, m
	c.v13.maintenance4 = isTrue // every device of version 1.3 has it; SPIR-V 1.6 says by it how large a workgroup is
	if c.matrix != nil {
		c.matrix.cooperativeMatrix = m
	}
	if c.bf16 != nil {
		c.bf16.bfloat16Type, c.bf16.bfloat16CooperativeMatrix = on(d.enabled.bfloat16), on(d.enabled.bfloat16)
	}
	return address(c.all)
}

// readMatrices lists the products of bfloat16 or float16 matrices with float32 sums that a subgroup computes.
func (d *PhysicalDevice) readMatrices() error {
	const float16, float32, bfloat16, subgroup = 0, 1, 1000141000, 3
	get := d.instance.procs.GetPhysicalDeviceCooperativeMatrixPropertiesKHR
	if !d.enabled.matrices || get == 0 { // an old loader does not know it
		d.enabled.matrices, d.enabled.bfloat16 = false, false
		return nil
	}
	a := d.instance.arena
	a.reset()
	n := put(a, uint32(0))
	if err := try(get, d.handle, address(n), 0); err != nil {
		return err
	}
	all := putSlice(a, slices.Repeat([]cooperativeMatrixProperties{{head: head{kind: kindCooperativeMatrixProperties}}}, int(*n)))
	if err := try(get, d.handle, address(n), first(all)); err != nil {
		return err
	}
	for _, p := range all {
		known := p.aType == float16 || p.aType == bfloat16 && d.enabled.bfloat16
		if known && p.bType == p.aType && p.cType == float32 && p.resultType == float32 && p.scope == subgroup {
			d.Matrices = append(d.Matrices, Matrix{int(p.m), int(p.n), int(p.k), p.aType == bfloat16})
		}
	}
	return nil
}
