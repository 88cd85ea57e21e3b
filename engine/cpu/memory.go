package cpu

import (
	"errors"
	"math/bits"
	"unsafe"

	"mien/engine"
)

// alignment of buffers: one cache line, and the widest vector register.
const alignment = 64

// maxBuffer is more than any tensor needs, and less than a size at which Go panics.
const maxBuffer = 1 << 46

// block is a buffer of the CPU backend.
type block struct {
	bytes []byte // len is the requested size, cap the size class
}

// pool keeps freed buffers in lists by size class, four classes to a power of two, so that a steady training
// step allocates nothing: at most a quarter of a buffer is waste.
type pool struct {
	free  map[int][]*block
	stats engine.Stats
}

func (p *pool) get(n int) (b *block, err error) {
	if n < 0 || n > maxBuffer {
		return nil, errors.New("more than an address space holds")
	}
	size := sizeClass(n)
	if list := p.free[size]; len(list) > 0 {
		b = list[len(list)-1]
		p.free[size] = list[:len(list)-1]
		p.stats.PoolBytes -= size
		b.bytes = b.bytes[:n]
	} else {
		b = &block{alignedBytes(size)[:n]}
		adviseHugePages(b.bytes) // not the rest of its class, which may never be written
	}
	p.stats.LiveBytes += size
	p.stats.PeakBytes = max(p.stats.PeakBytes, p.stats.LiveBytes)
	return b, nil
}

func (p *pool) put(b *block) {
	if p.free == nil {
		p.free = map[int][]*block{}
	}
	size := cap(b.bytes)
	p.free[size] = append(p.free[size], b)
	p.stats.LiveBytes -= size
	p.stats.PoolBytes += size
}

// drop empties the free lists.
func (p *pool) drop() { p.free, p.stats.PoolBytes = nil, 0 }

// sizeClass returns the size of the smallest class that holds n bytes: 64, 80, 96, 112, 128, 160, …
func sizeClass(n int) int {
	if n <= alignment {
		return alignment
	}
	quarter := 1 << (bits.Len(uint(n-1)) - 3) // of the largest power of two below n
	return (n + quarter - 1) / quarter * quarter
}

func alignedBytes(n int) []byte {
	b := make([]byte, n+alignment)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (alignment - 1)
	return b[skip : skip+n : skip+n]
}
