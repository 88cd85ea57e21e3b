package engine

import (
	"math/bits"
	"unsafe"
)

// alignment of buffers: one cache line, and the widest vector register.
const alignment = 64

// block is a buffer of the CPU backend.
type block struct {
	bytes []byte // len is what was asked for, cap the size class
	class int
}

// pool keeps freed buffers in lists by size class, four classes to a power of two, so that a steady training
// step allocates nothing: at most a quarter of a buffer is waste.
type pool struct {
	free  map[int][]*block
	stats Stats
}

func (p *pool) get(n int) *block {
	class := sizeClass(n)
	size := classSize(class)
	p.stats.LiveBytes += size
	p.stats.PeakBytes = max(p.stats.PeakBytes, p.stats.LiveBytes)
	if list := p.free[class]; len(list) > 0 {
		b := list[len(list)-1]
		p.free[class] = list[:len(list)-1]
		p.stats.PoolBytes -= size
		b.bytes = b.bytes[:n]
		return b
	}
	return &block{bytes: alignedBytes(size)[:n], class: class}
}

func (p *pool) put(b *block) {
	if p.free == nil {
		p.free = map[int][]*block{}
	}
	p.free[b.class] = append(p.free[b.class], b)
	p.stats.LiveBytes -= classSize(b.class)
	p.stats.PoolBytes += classSize(b.class)
}

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
