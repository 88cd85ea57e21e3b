// Package cpu is the backend that computes at once, on the host's memory and cores.
//
// Each method of engine.Backend finds the slices of its tensors, chooses the kernels of package asm for their element type, and
// splits the work among GOMAXPROCS threads. Work is split by output and in ways that do not change the order of any sum, so results
// are bit for bit the same for any number of threads. Memory is cut from slabs and returns to them with the last reference to a
// tensor (memory.go). The threads are a worker pool that spin-waits between ops (workers.go).
//
// Start with elementwise.go; most of the time is spent in gemm.go, which leads on to package asm.
package cpu

import (
	"fmt"
	"unsafe"

	"mien/asm"
	"mien/engine"
)

// Backend is a CPU backend. Its zero value is ready to use.
type Backend struct {
	pool     pool
	operands []*operands                   // of products at bf16
	profile  map[string]*engine.KernelTime // by method; nil while no times are noted
}

// New returns a backend that holds no memory yet.
func New() *Backend { return &Backend{} }

var _ engine.Backend = (*Backend)(nil)

// Name returns "cpu/" and the name of the active float32 kernels.
func (c *Backend) Name() string { return "cpu/" + asm.F32().Name }

// Supports accepts int8 for inference only.
func (c *Backend) Supports(p engine.Precision, training bool) error {
	switch {
	case p > engine.Int8:
		return fmt.Errorf("%s does not know the precision %v", c.Name(), p)
	case p == engine.Int8 && training:
		return fmt.Errorf("%s cannot train at int8, which has no gradients: choose f32 or bf16", c.Name())
	}
	return nil
}

// Activations are bfloat16 at BF16 where the CPU multiplies it faster than float32. Elsewhere operands are rounded in memory of their own.
func (c *Backend) Activations(p engine.Precision) engine.DType {
	if p == engine.BF16 && asm.F32().BF16.Fast {
		return engine.BFloat16
	}
	return engine.Float32
}

func (c *Backend) Alloc(bytes int) (engine.Buffer, error) { return c.pool.get(bytes) }
func (c *Backend) Free(b engine.Buffer)                   { c.pool.put(b.(*block)) }
func (c *Backend) Flush()                                 {}
func (c *Backend) Sync() error                            { return nil }

// Stats counts the operands of products at bf16 among the memory that waits.
func (c *Backend) Stats() engine.Stats {
	stats := c.pool.stats
	for _, o := range c.operands {
		stats.PoolBytes += o.rows.Bytes() + o.panels.Bytes()
	}
	return stats
}

// Close forgets the memory that waits; buffers that tensors still hold are left to the garbage collector.
func (c *Backend) Close() error {
	c.pool.drop()
	c.operands = nil
	return nil
}

func (c *Backend) Upload(dst engine.Buffer, offset int, src []byte) {
	copy(dst.(*block).bytes[offset:], src)
}

func (c *Backend) Download(dst []byte, src engine.Buffer, offset int) error {
	copy(dst, src.(*block).bytes[offset:])
	return nil
}

// host returns the elements of a tensor on a CPU backend.
func host[E engine.Element](t *engine.Tensor) []E {
	if want := engine.DTypeOf[E](); t.DType() != want {
		panic(&engine.ShapeError{Op: "an operand of a kernel", Got: t.DType(), Want: want})
	}
	n := t.Len()
	if n == 0 {
		return nil
	}
	b := t.Buffer().(*block).bytes
	size := t.DType().Size()
	p := unsafe.Pointer(&b[t.Offset()*size : (t.Offset()+n)*size][0])
	return unsafe.Slice((*E)(p), n)
}

// hostFrom returns the elements from an offset on, or nil for a nil tensor.
func hostFrom[E engine.Element](t *engine.Tensor, offset int) []E {
	if t == nil {
		return nil
	}
	return host[E](t)[offset:]
}

// sameDType panics unless all tensors that are not nil have the dtype of t. It is for operands that only worker goroutines pass to
// host, where a panic would end the program.
func sameDType(op string, t *engine.Tensor, others ...*engine.Tensor) {
	for _, o := range others {
		if o != nil && o.DType() != t.DType() {
			panic(&engine.ShapeError{Op: op, Got: o.DType(), Want: t.DType()})
		}
	}
}

// pick returns the variant of a kernel for t's dtype: the one place where floating point kernels dispatch.
func pick[T any](t *engine.Tensor, f32, f64 T) T {
	switch t.DType() {
	case engine.Float32:
		return f32
	case engine.Float64:
		return f64
	}
	panic(unsupported("a floating point kernel", t.DType()))
}

// known panics if value is beyond the last of its enumeration.
func known[E ~uint8](op string, value, last E) {
	if value > last {
		panic(unsupported(op, value))
	}
}

// unsupported is the panic value for an argument that this backend does not implement.
func unsupported(op string, got any) *engine.ShapeError {
	return &engine.ShapeError{Op: op, Got: got, Want: "something that the CPU backend supports"}
}

// kernels returns the active kernels for F.
func kernels[F asm.Float]() *asm.Kernels[F] {
	var z F
	if _, ok := any(z).(float32); ok {
		return any(asm.F32()).(*asm.Kernels[F])
	}
	return any(asm.F64()).(*asm.Kernels[F])
}
