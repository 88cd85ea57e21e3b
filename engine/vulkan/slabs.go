//go:build vulkan

package vulkan

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"mien/engine"
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

// block is a buffer of this backend: a range of a slab.
type block struct {
	slab         *slab
	offset, size int // in bytes; the size is rounded up
	watched      runtime.Cleanup
}

// address returns where the block is on the device.
func (b *block) address() uint64 { return b.slab.memory.Address + uint64(b.offset) }

// slab is a piece of device memory with its holes, by offset, no two of them side by side.
type slab struct {
	memory *vk.Memory
	holes  []hole
}

type hole struct{ offset, size int }

func (s *slab) empty() bool { return len(s.holes) == 1 && s.holes[0].size == s.memory.Size }

// slabs hand out blocks.
type slabs struct {
	device *vk.Device
	size   int // of the next slab
	all    []*slab
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
	b := m.fit(n)
	if b == nil {
		if err := m.grow(n); err != nil {
			return nil, err
		}
		b = m.fit(n)
	}
	m.stats.LiveBytes += n
	m.stats.PoolBytes -= n
	m.stats.PeakBytes = max(m.stats.PeakBytes, m.stats.LiveBytes)
	return b, nil
}

// disown counts a block as one that no tensor holds: the backend keeps it until it closes.
func (m *slabs) disown(b *block) {
	m.stats.LiveBytes -= b.size
	m.stats.PoolBytes += b.size
}

func (m *slabs) fit(n int) *block {
	var best *slab
	at := 0
	for _, s := range m.all {
		for i, h := range s.holes {
			if h.size >= n && (best == nil || h.size < best.holes[at].size) {
				best, at = s, i
			}
		}
	}
	if best == nil {
		return nil
	}
	h := &best.holes[at]
	b := &block{slab: best, offset: h.offset, size: n}
	h.offset += n
	if h.size -= n; h.size == 0 {
		best.holes = slices.Delete(best.holes, at, at+1)
	}
	return b
}

// free makes a block a hole, joined with its neighbours.
func (m *slabs) free(b *block) {
	s := b.slab
	i, _ := slices.BinarySearchFunc(s.holes, b.offset, func(h hole, offset int) int { return h.offset - offset })
	s.holes = slices.Insert(s.holes, i, hole{b.offset, b.size})
	s.join(i)
	s.join(i - 1)
	m.stats.LiveBytes -= b.size
	m.stats.PoolBytes += b.size
}

// join makes hole i and the next one a single hole if they touch.
func (s *slab) join(i int) {
	if i >= 0 && i+1 < len(s.holes) && s.holes[i].offset+s.holes[i].size == s.holes[i+1].offset {
		s.holes[i].size += s.holes[i+1].size
		s.holes = slices.Delete(s.holes, i+1, i+2)
	}
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
	m.all = append(m.all, &slab{memory, []hole{{0, memory.Size}}})
	m.stats.PoolBytes += memory.Size
	if len(m.all) > 1 {
		m.size = min(2*m.size, max(m.size, largestSlab))
	}
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
	m.all = slices.DeleteFunc(m.all, func(s *slab) bool {
		empty := s.empty()
		if empty {
			m.stats.PoolBytes -= s.memory.Size
			s.memory.Free()
		}
		return empty
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
	for _, s := range m.all {
		s.memory.Free()
	}
	m.all, m.stats.PoolBytes = nil, 0
}
