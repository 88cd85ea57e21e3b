//go:build vulkan

package vk

import (
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Commands is a command buffer with a pool of its own, which is recorded, submitted and waited for again and again.
type Commands struct {
	device             *Device
	handle             uintptr
	pool, fence        uint64
	queries            uint64
	barrier, push, out *[64]uint64 // what hot calls point to, apart from the arena
	words              *arena
}

// NewCommands returns a command buffer that can note up to timestamps times.
func (d *Device) NewCommands(timestamps int) (c *Commands, err error) {
	d.arena.reset()
	c = &Commands{device: d, words: newArena()}
	c.barrier, c.push, c.out = put(c.words, [64]uint64{}), put(c.words, [64]uint64{}), put(c.words, [64]uint64{})
	*(*memoryBarrier)(unsafe.Pointer(c.barrier)) = allToAll
	if err = c.create(timestamps); err != nil {
		c.Destroy()
		return nil, err
	}
	return c, nil
}

// allToAll orders what shaders and copies before it wrote and read before what those after it read and write.
var allToAll = memoryBarrier{head: head{kind: kindMemoryBarrier}, from: shaderWrite | transferWrite,
	to: shaderRead | shaderWrite | transferRead | transferWrite}

const shaderRead, shaderWrite, transferRead, transferWrite, hostRead = 0x20, 0x40, 0x800, 0x1000, 0x2000

func (c *Commands) create(timestamps int) (err error) {
	d := c.device
	const resettable = 2
	c.pool, err = create(d, d.procs.CreateCommandPool, commandPoolCreateInfo{head: head{kind: kindCommandPoolCreateInfo}, flags: resettable,
		family: uint32(d.queueFamily())})
	if err != nil {
		return err
	}
	handle := put(d.arena, uintptr(0))
	err = try(d.procs.AllocateCommandBuffers, d.handle, address(put(d.arena, commandBufferAllocateInfo{
		head: head{kind: kindCommandBufferAllocateInfo}, pool: c.pool, count: 1})), address(handle))
	if err != nil {
		return err
	}
	c.handle = *handle
	if timestamps > 0 {
		const timestamp = 2
		c.queries, err = create(d, d.procs.CreateQueryPool, queryPoolCreateInfo{head: head{kind: kindQueryPoolCreateInfo}, kind: timestamp,
			count: uint32(timestamps)})
		if err != nil {
			return err
		}
	}
	c.fence, err = create(d, d.procs.CreateFence, fenceCreateInfo{head: head{kind: kindFenceCreateInfo}})
	return err
}

// Destroy releases everything. The device must have done with it.
func (c *Commands) Destroy() {
	d := c.device
	d.destroy(d.procs.DestroyFence, c.fence)
	d.destroy(d.procs.DestroyQueryPool, c.queries)
	d.destroy(d.procs.DestroyCommandPool, c.pool)
	c.words.close()
}

// hot calls a function that returns nothing and is called for each kernel: its arguments lie in the device.
func (c *Commands) hot(proc uintptr, args ...uintptr) {
	n := copy(c.device.args[:], args)
	purego.SyscallN(proc, c.device.args[:n]...)
}

// Begin starts recording anew.
func (c *Commands) Begin() error {
	c.device.arena.reset()
	const once = 1
	info := put(c.device.arena, commandBufferBeginInfo{head: head{kind: kindCommandBufferBeginInfo}, flags: once})
	return try(c.device.procs.BeginCommandBuffer, c.handle, address(info))
}

// Bind makes a pipeline the one that runs.
func (c *Commands) Bind(p *Pipeline) {
	c.hot(c.device.procs.CmdBindPipeline, c.handle, computeBindPoint, uintptr(p.handle))
}

// Push sets the push constants, of which there are up to 512 bytes.
func (c *Commands) Push(l *Layout, constants []byte) {
	copy(unsafe.Slice((*byte)(unsafe.Pointer(c.push)), unsafe.Sizeof(*c.push)), constants)
	c.hot(c.device.procs.CmdPushConstants, c.handle, uintptr(l.handle), computeStage, 0, uintptr(len(constants)), address(c.push))
}

// Dispatch runs a number of workgroups along three axes.
func (c *Commands) Dispatch(x, y, z int) {
	c.hot(c.device.procs.CmdDispatch, c.handle, uintptr(x), uintptr(y), uintptr(z))
}

// Barrier makes all commands after it wait for those before.
func (c *Commands) Barrier() {
	const compute, transfer = 0x800, 0x1000
	c.hot(c.device.procs.CmdPipelineBarrier, c.handle, compute|transfer, compute|transfer, 0, 1, address(c.barrier), 0, 0, 0, 0)
}

// ForHost makes copies before it visible to the host, once the commands are done.
func (c *Commands) ForHost() {
	const transfer, host = 0x1000, 0x4000
	c.device.arena.reset()
	barrier := put(c.device.arena, memoryBarrier{head: head{kind: kindMemoryBarrier}, from: transferWrite, to: hostRead})
	c.hot(c.device.procs.CmdPipelineBarrier, c.handle, transfer, host, 0, 1, address(barrier), 0, 0, 0, 0)
}

// Copy copies n bytes between buffers.
func (c *Commands) Copy(to uint64, toOffset int, from uint64, fromOffset, n int) {
	*(*bufferCopy)(unsafe.Pointer(c.out)) = bufferCopy{uint64(fromOffset), uint64(toOffset), uint64(n)}
	c.hot(c.device.procs.CmdCopyBuffer, c.handle, uintptr(from), uintptr(to), 1, address(c.out))
}

// ResetTimestamps forgets n times, before they are noted anew.
func (c *Commands) ResetTimestamps(n int) {
	c.hot(c.device.procs.CmdResetQueryPool, c.handle, uintptr(c.queries), 0, uintptr(n))
}

// Timestamp notes as number i when all commands before it are done.
func (c *Commands) Timestamp(i int) {
	const allCommands = 0x10000
	c.hot(c.device.procs.CmdWriteTimestamp, c.handle, allCommands, uintptr(c.queries), uintptr(i))
}

// Timestamps returns the first n times, in ticks, after the commands are done.
func (c *Commands) Timestamps(n int) ([]uint64, error) {
	c.device.arena.reset()
	ticks := putSlice(c.device.arena, make([]uint64, n))
	const in64bits = 1
	err := try(c.device.procs.GetQueryPoolResults, c.device.handle, uintptr(c.queries), 0, uintptr(n), uintptr(8*n), first(ticks), 8, in64bits)
	return append([]uint64(nil), ticks...), err
}

// Submit ends recording and hands the commands to the device.
func (c *Commands) Submit() error {
	d := c.device
	if err := try(d.procs.EndCommandBuffer, c.handle); err != nil {
		return err
	}
	d.arena.reset()
	if err := try(d.procs.ResetFences, d.handle, 1, address(put(d.arena, c.fence))); err != nil {
		return err
	}
	info := put(d.arena, submitInfo{head: head{kind: kindSubmitInfo}, commandCount: 1, commands: address(put(d.arena, c.handle))})
	return try(d.procs.QueueSubmit, d.queue, 1, address(info), uintptr(c.fence))
}

// Wait returns when submitted commands are done, with Timeout if they are not after a while: then wait again.
func (c *Commands) Wait(patience time.Duration) error {
	d := c.device
	d.arena.reset()
	return try(d.procs.WaitForFences, d.handle, 1, address(put(d.arena, c.fence)), isTrue, uintptr(patience.Nanoseconds()))
}
