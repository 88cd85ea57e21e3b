package cpu

import (
	"errors"
	"math/bits"
	"unsafe"

	"mien/engine"
)

// alignment of buffers: one cache line, and the widest vector register.
const alignment = 64

// maxBuffer is more than any tensor takes, and less than what Go refuses with a panic.
const maxBuffer = 1 << 46

// block is a buffer of the CPU backend.
type block struct {
	bytes []byte // len is what was asked for, cap the size class
	class int
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
	class := sizeClass(n)
	size := classSize(class)
	if list := p.free[class]; len(list) > 0 {
		b = list[len(list)-1]
		p.free[class] = list[:len(list)-1]
		p.stats.PoolBytes -= size
		b.bytes = b.bytes[:n]
	} else {
		b = &block{bytes: alignedBytes(size)[:n], class: class}
	}
	p.stats.LiveBytes += size
	p.stats.PeakBytes = max(p.stats.PeakBytes, p.stats.LiveBytes)
	return b, nil
}

func (p *pool) put(b *block) {
	if p.free == nil {
		p.free = map[int][]*block{}
	}
	p.free[b.class] = append(p.free[b.class], b)
	p.stats.LiveBytes -= classSize(b.class)
	p.stats.PoolBytes += classSize(b.class)
}

// drop leaves what waits to the garbage collector.
func (p *pool) drop() { p.free, p.stats.PoolBytes = nil, 0 }

// sizeClass returns the smallest class that holds n bytes: 64, 80, 96, 112, 128, 160, …
func sizeClass(n int) int {
	if n <= alignment {
		return 0
	}
	exp := bits.Len(uint(n-1)) - 1 // 2^exp < n ≤ 2^(exp+1)
	quarter := 1 << (exp - 2)
	return (exp-6)*4 + (n-1<<exp+quarter-1)/quarter
}

func classSize(class int) int {
	exp := class/4 + 6
	return 1<<exp + class%4<<(exp-2)
}

func alignedBytes(n int) []byte {
	b := make([]byte, n+alignment)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (alignment - 1)
	return b[skip : skip+n : skip+n]
}
