//go:build vulkan

package vulkan

import (
	"errors"
	"fmt"
	"runtime"

	"mien/engine"
	"mien/engine/slab"
	"mien/engine/vulkan/vk"
)

// Device memory. Drivers allocate slowly and only some thousand times, so tensors share slabs. A freed range can be used again at once:
// all work is in one stream, and the tracker of hazards looks at addresses, not at tensors.

// granule is what sizes and addresses of blocks are multiples of: a line of any cache, and more than the alignment of any load.
const granule = 256

// defaultSlab is the size of the first slab; each next one is twice as large, up to largestSlab.
const defaultSlab, largestSlab = 256 << 20, 1 << 30

// maxBuffer is more than any tensor needs.
const maxBuffer = 1 << 46

// block is a buffer of this backend: a range of a slab, with its size rounded up.
type block struct {
	slab.Range[*vk.Memory]
	watched runtime.Cleanup
}

// address returns where the block is on the device.
func (b *block) address() uint64 { return b.Slab.Memory.Address + uint64(b.Offset) }

// slabs hand out blocks.
type slabs struct {
	device *vk.Device
	size   int // of the next slab
	all    slab.Slabs[*vk.Memory]
	stats  engine.Stats
	refuse func(bytes int) bool
	idle   func() error // waits until the device has done everything
}

// alloc returns a block from the smallest hole that is large enough, or else from a new slab.
func (m *slabs) alloc(n int) (*block, error) {
	if n < 0 || n > maxBuffer {
		return nil, errors.New("more than an address space holds")
	}
	n = max(granule, (n+granule-1)/granule*granule)
	if most := m.device.BufferBytes; n > most {
		return nil, fmt.Errorf("more than the %d MiB that the device has in one piece", most>>20)
	}
	at, ok := m.all.Cut(n)
	if !ok {
		if err := m.grow(n); err != nil {
			return nil, err
		}
		at, _ = m.all.Cut(n)
	}
	m.stats.LiveBytes += n
	m.stats.PoolBytes -= n
	m.stats.PeakBytes = max(m.stats.PeakBytes, m.stats.LiveBytes)
	return &block{Range: at}, nil
}

// disown counts a block as one that no tensor holds: the backend keeps it until it closes.
func (m *slabs) disown(b *block) {
	m.stats.LiveBytes -= b.Size
	m.stats.PoolBytes += b.Size
}

// free takes back what was handed out.
func (m *slabs) free(b *block) {
	m.all.Return(b.Range)
	m.stats.LiveBytes -= b.Size
	m.stats.PoolBytes += b.Size
}

// grow adds a slab with room for n bytes. If the device has none, slabs without a block go, and it is asked once more.
func (m *slabs) grow(n int) error {
	if m.size == 0 {
		m.size = defaultSlab
	}
	memory, err := m.allocate(min(max(m.size, n), m.device.BufferBytes/granule*granule))
	if err != nil && m.size > n { // a smaller slab may do
		memory, err = m.allocate(n)
	}
	if err != nil && m.trim() == nil {
		memory, err = m.allocate(n)
	}
	if err != nil {
		return m.refused(n, err)
	}
	if m.all.Add(memory, memory.Size); m.all.Size() > memory.Size {
		m.size = min(2*m.size, max(m.size, largestSlab))
	}
	m.stats.PoolBytes += memory.Size
	return nil
}

func (m *slabs) allocate(n int) (*vk.Memory, error) {
	if m.refuse != nil && m.refuse(n) {
		return nil, vk.OutOfMemory
	}
	return m.device.Allocate(n, vk.Compute)
}

// trim returns slabs without a block to the device.
func (m *slabs) trim() error {
	if err := m.idle(); err != nil {
		return err
	}
	m.all.Trim(func(memory *vk.Memory) {
		m.stats.PoolBytes -= memory.Size
		memory.Free()
	})
	return nil
}

// refused adds to an error of the driver what there is.
func (m *slabs) refused(n int, err error) error {
	const mib = 1 << 20
	held := float64(m.stats.LiveBytes+m.stats.PoolBytes) / mib
	budget, _ := m.device.Room()
	if budget == 0 {
		budget = nearBytes(m.device.PhysicalDevice)
	}
	return fmt.Errorf("%w, with %.0f MiB held of %.0f", err, held, float64(budget)/mib)
}

func (m *slabs) close() {
	m.all.Clear((*vk.Memory).Free)
	m.stats.PoolBytes = 0
}
