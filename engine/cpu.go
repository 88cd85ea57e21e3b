package engine

import (
	"unsafe"

	"mien/asm"
)

// CPU is the backend that runs kernels at once, on the host's memory and cores. It takes its kernels from
// package asm; the number of threads is GOMAXPROCS.
type CPU struct {
	pool pool
}

// NewCPU returns a CPU backend with empty free lists.
func NewCPU() *CPU { return &CPU{} }

var _ Backend = (*CPU)(nil)

// Name tells the kernels in use.
func (c *CPU) Name() string { return "cpu/" + asm.F32().Name }

func (c *CPU) Alloc(bytes int) Buffer { return c.pool.get(bytes) }
func (c *CPU) Free(b Buffer)          { c.pool.put(b.(*block)) }
func (c *CPU) Stats() Stats           { return c.pool.stats }
func (c *CPU) Sync() error            { return nil }

func (c *CPU) Upload(dst Buffer, offset int, src []byte) { copy(dst.(*block).bytes[offset:], src) }

func (c *CPU) Download(dst []byte, src Buffer, offset int) error {
	copy(dst, src.(*block).bytes[offset:])
	return nil
}

// host returns the elements of a tensor that lives on a CPU backend.
func host[N Number](t *Tensor) []N {
	n := t.Len()
	if n == 0 {
		return nil
	}
	b := t.store.buf.(*block).bytes
	size := t.dtype.Size()
	p := unsafe.Pointer(&b[t.offset*size : (t.offset+n)*size][0])
	return unsafe.Slice((*N)(p), n)
}

// pick returns the variant of a kernel for t's dtype: the one place where kernels dispatch.
func pick[T any](t *Tensor, f32, f64 T) T {
	if t.dtype == Float64 {
		return f64
	}
	return f32
}

// kernels returns the active kernels for F.
func kernels[F asm.Float]() *asm.Kernels[F] {
	var z F
	if _, ok := any(z).(float32); ok {
		return any(asm.F32()).(*asm.Kernels[F])
	}
	return any(asm.F64()).(*asm.Kernels[F])
}
