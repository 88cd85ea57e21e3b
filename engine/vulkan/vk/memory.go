//go:build vulkan

package vk

import "unsafe"

// memoryFlags are the properties of a type of memory.
type memoryFlags uint32

const (
	deviceLocal memoryFlags = 1 << iota
	hostVisible
	hostCoherent
	hostCached
)

// Use is what memory is for.
type Use int

const (
	Compute    Use = iota // near the device; the host does not see it
	ToDevice              // written by the host, copied by the device
	FromDevice            // written by the device, read by the host
)

// preferences are the types of memory for a use, the best first.
var preferences = [...][]memoryFlags{
	Compute:    {deviceLocal},
	ToDevice:   {hostVisible | hostCoherent},
	FromDevice: {hostVisible | hostCached | hostCoherent, hostVisible | hostCached, hostVisible | hostCoherent},
}

// Memory is a piece of memory with one buffer that covers it.
type Memory struct {
	Address uint64 // on the device
	Bytes   []byte // what the host sees, nil in Compute
	Buffer  uint64
	Size    int

	device   *Device
	memory   uint64
	coherent bool
}

// Allocate returns memory of size bytes.
func (d *Device) Allocate(size int, use Use) (m *Memory, err error) {
	d.arena.reset()
	const transferFrom, transferTo, storage, addressed = 1, 2, 0x20, 0x20000
	m = &Memory{device: d, Size: size}
	m.Buffer, err = create(d, d.procs.CreateBuffer, bufferCreateInfo{head: head{kind: kindBufferCreateInfo}, size: uint64(size),
		usage: transferFrom | transferTo | storage | addressed})
	if err == nil {
		err = m.bind(use)
	}
	if err == nil && use != Compute {
		err = m.Map()
	}
	if err != nil {
		m.Free()
		return nil, err
	}
	return m, nil
}

// bind gives a buffer its memory.
func (m *Memory) bind(use Use) (err error) {
	d, a := m.device, m.device.arena
	need := put(a, memoryRequirements{})
	call(d.procs.GetBufferMemoryRequirements, d.handle, uintptr(m.Buffer), address(need))
	kind := d.memoryType(need.types, preferences[use])
	if kind < 0 {
		return OutOfMemory
	}
	m.coherent = d.memoryTypes[kind].flags&hostCoherent != 0
	flags := put(a, memoryAllocateFlagsInfo{head: head{kind: kindMemoryAllocateFlagsInfo}, flags: 2}) // device address
	m.memory, err = create(d, d.procs.AllocateMemory, memoryAllocateInfo{head: head{kind: kindMemoryAllocateInfo, next: address(flags)},
		size: need.size, kind: uint32(kind)})
	if err != nil {
		return err
	}
	if err = try(d.procs.BindBufferMemory, d.handle, uintptr(m.Buffer), uintptr(m.memory), 0); err != nil {
		return err
	}
	info := put(a, bufferDeviceAddressInfo{head: head{kind: kindBufferDeviceAddressInfo}, buffer: m.Buffer})
	m.Address = uint64(call(d.procs.GetBufferDeviceAddress, d.handle, address(info)))
	return nil
}

// memoryType returns the first type among those allowed that has the flags of a preference, −1 if there is none.
func (d *PhysicalDevice) memoryType(allowed uint32, preferences []memoryFlags) int {
	for _, flags := range preferences {
		for i, t := range d.memoryTypes {
			if allowed>>i&1 != 0 && t.flags&flags == flags {
				return i
			}
		}
	}
	return -1
}

// Map has the host see the memory in Bytes. That of Compute is seen on some devices alone, such as software.
func (m *Memory) Map() error {
	d := m.device
	d.arena.reset()
	at := put(d.arena, uintptr(0))
	const whole = ^uint64(0)
	if err := try(d.procs.MapMemory, d.handle, uintptr(m.memory), 0, uintptr(whole), 0, address(at)); err != nil {
		return err
	}
	m.Bytes = unsafe.Slice(*(**byte)(unsafe.Pointer(at)), m.Size)
	return nil
}

// Written makes visible to the device what the host has written, and Read to the host what the device has.
func (m *Memory) Written() error { return m.cohere(m.device.procs.FlushMappedMemoryRanges) }
func (m *Memory) Read() error    { return m.cohere(m.device.procs.InvalidateMappedMemoryRanges) }

func (m *Memory) cohere(proc uintptr) error {
	if m.coherent {
		return nil
	}
	m.device.arena.reset()
	span := put(m.device.arena, mappedMemoryRange{head: head{kind: kindMappedMemoryRange}, memory: m.memory, size: ^uint64(0)})
	return try(proc, m.device.handle, 1, address(span))
}

// Free returns the memory to the system. The device must have done with it.
func (m *Memory) Free() {
	m.device.destroy(m.device.procs.DestroyBuffer, m.Buffer)
	m.device.destroy(m.device.procs.FreeMemory, m.memory)
	m.Bytes = nil
}

// Room returns how much memory near the device a process may have, and how much this one has, where the driver tells; else 0.
func (d *Device) Room() (budget, used int) {
	if !d.has(budgetExtension) {
		return 0, 0
	}
	d.arena.reset()
	b := put(d.arena, memoryBudgetProperties{head: head{kind: kindMemoryBudgetProperties}})
	p := put(d.arena, memoryProperties2{head: head{kind: kindPhysicalDeviceMemoryProperties2, next: address(b)}})
	call(d.instance.procs.GetPhysicalDeviceMemoryProperties2, d.PhysicalDevice.handle, address(p))
	if kind := d.memoryType(^uint32(0), preferences[Compute]); kind >= 0 {
		heap := d.memoryTypes[kind].heap
		return int(b.budget[heap]), int(b.usage[heap])
	}
	return 0, 0
}
