package cpu

import (
	"errors"
	"math/bits"
	"runtime"
	"unsafe"

	"mien/engine"
	"mien/engine/slab"
)

// Buffers. Small ones come from Go's heap one by one, and wait in free lists by size class; large ones, which are nearly all of the bytes,
// are cut from slabs, where memory that activations leave serves gradients, whatever the sizes.

// alignment of small buffers: one cache line, and the widest vector register.
const alignment = 64

// page is what sizes and addresses of large buffers are multiples of.
const page = 4096

// largeBuffer is the size of the smallest that is cut from a slab.
const largeBuffer = 64 << 10

// Slabs grow as what is there doubles. Fresh memory takes no place until it is used.
const smallestSlab, largestSlab = 8 << 20, 1 << 30

// maxBuffer is more than any tensor needs, and less than a size at which Go panics.
const maxBuffer = 1 << 46

// block is a buffer of the CPU backend.
type block struct {
	bytes   []byte             // len is the requested size, cap what it takes
	from    slab.Range[[]byte] // of a large buffer
	watched runtime.Cleanup    // of a large buffer
}

// pool hands out buffers, so that a steady training step takes nothing from Go's heap.
type pool struct {
	free    map[int][]*block // small ones by size
	slabs   slab.Slabs[[]byte]
	dropped engine.Dropped[slab.Range[[]byte]]
	methods int // under way: they may use what all others have dropped
	stats   engine.Stats
}

func (p *pool) get(n int) (b *block, err error) {
	switch {
	case n < 0 || n > maxBuffer:
		return nil, errors.New("more than an address space holds")
	case n < largeBuffer:
		b = p.small(n)
	default:
		b = p.large(n)
	}
	p.stats.LiveBytes += cap(b.bytes)
	p.stats.PoolBytes -= cap(b.bytes)
	p.stats.PeakBytes = max(p.stats.PeakBytes, p.stats.LiveBytes)
	return b, nil
}

func (p *pool) put(b *block) {
	p.stats.LiveBytes -= cap(b.bytes)
	p.stats.PoolBytes += cap(b.bytes)
	if b.from.Slab != nil {
		b.watched.Stop()
		p.slabs.Return(b.from)
		return
	}
	if p.free == nil {
		p.free = map[int][]*block{}
	}
	p.free[cap(b.bytes)] = append(p.free[cap(b.bytes)], b)
}

// drop forgets all memory that waits. What tensors still hold is left to the garbage collector; if it is freed later, it counts as waiting.
func (p *pool) drop() {
	p.slabs.Clear(func([]byte) {})
	p.free, p.stats.PoolBytes = nil, 0
}

func (p *pool) small(n int) *block {
	size := sizeClass(n)
	if list := p.free[size]; len(list) > 0 {
		p.free[size] = list[:len(list)-1]
		b := list[len(list)-1]
		b.bytes = b.bytes[:n]
		return b
	}
	p.stats.PoolBytes += size
	return &block{bytes: alignedBytes(size, alignment)[:n]}
}

func (p *pool) large(n int) *block {
	if p.methods == 0 {
		for _, r := range p.dropped.Take() {
			p.slabs.Return(r)
			p.stats.LiveBytes -= r.Size
			p.stats.PoolBytes += r.Size
		}
	}
	size := (n + page - 1) / page * page
	r, ok := p.slabs.Cut(size)
	if !ok {
		p.grow(size)
		r, _ = p.slabs.Cut(size)
	}
	b := &block{bytes: r.Slab.Memory[r.Offset:][:n:size], from: r}
	b.watched = engine.Watch(&p.dropped, b, r)
	return b
}

// grow adds a slab that holds n bytes.
func (p *pool) grow(n int) {
	size := max(n, min(max(smallestSlab, p.slabs.Size()), largestSlab))
	memory := alignedBytes(size, page)
	adviseHugePages(memory)
	p.slabs.Add(memory, size)
	p.stats.PoolBytes += size
}

// sizeClass returns the size of the smallest class that holds n bytes, four to a power of two: 64, 80, 96, 112, 128, 160, …
func sizeClass(n int) int {
	if n <= alignment {
		return alignment
	}
	quarter := 1 << (bits.Len(uint(n-1)) - 3) // of the largest power of two below n
	return (n + quarter - 1) / quarter * quarter
}

func alignedBytes(n, alignment int) []byte {
	b := make([]byte, n+alignment)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (alignment - 1)
	return b[skip : skip+n : skip+n]
}
