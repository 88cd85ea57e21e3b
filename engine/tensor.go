// Package engine defines tensors and the contract of a [Backend], which computes with them. It is independent of gradients, layers
// and any one backend: package engine/cpu implements the CPU's, and engine/enginetest is the conformance suite for any other.
//
// Read tensor.go (what a tensor is and who frees it), host.go (how numbers get in and out) and backend.go (what a backend must do);
// then go on to engine/cpu, which implements it with the kernels of package asm.
package engine

import (
	"fmt"
	"math"
	"slices"
)

// Tensor is a contiguous, row-major view of a backend's buffer. Tensors are reference-counted: New and every
// view start with one reference, Retain adds one, Free drops one, and the last returns the buffer to its backend,
// for others. A tensor that is never freed is left to the garbage collector, and does no other harm.
//
// Tensors are not safe for concurrent use; parallelism lives inside kernels.
type Tensor struct {
	shape  []int
	dtype  DType
	offset int // elements from the start of the buffer
	store  *storage
}

// storage is a buffer that tensors share.
type storage struct {
	buf     Buffer
	bytes   int
	backend Backend
	refs    int
	remake  func() // fills the buffer again after Discard
}

// New returns a tensor with undefined contents. It panics with an *AllocError if the backend is out of memory; see Catch.
func New(b Backend, dtype DType, shape ...int) *Tensor {
	if slices.ContainsFunc(shape, func(d int) bool { return d < 0 }) {
		panic(&ShapeError{Op: "engine.New", Got: shape, Want: "extents of at least 0"})
	}
	s := &storage{bytes: sizeOf(dtype, shape), backend: b, refs: 1}
	s.alloc()
	return &Tensor{shape: slices.Clone(shape), dtype: dtype, store: s}
}

// sizeOf returns the size of a tensor in bytes, or more than any backend has if it overflows an int.
func sizeOf(dtype DType, shape []int) int {
	if slices.Contains(shape, 0) {
		return 0
	}
	n := dtype.Size()
	for _, d := range shape {
		if d > math.MaxInt/n {
			return math.MaxInt
		}
		n *= d
	}
	return n
}

func (s *storage) alloc() {
	buf, err := s.backend.Alloc(s.bytes)
	if err != nil {
		panic(&AllocError{Backend: s.backend.Name(), Bytes: s.bytes, Err: err})
	}
	s.buf = buf
}

// Outline returns a tensor that has a shape but no memory: to count the parameters of a model of any size, and to stand for a
// weight that is stored packed. Nothing can be computed with it.
func Outline(dtype DType, shape ...int) *Tensor {
	return &Tensor{shape: slices.Clone(shape), dtype: dtype, store: &storage{refs: 1}}
}

// Borrow returns a tensor on a buffer that it does not own: freeing it releases nothing. It is for backends that wrap another
// and for views inside a kernel. offset is in elements.
func Borrow(b Backend, buf Buffer, offset int, dtype DType, shape ...int) *Tensor {
	return &Tensor{shape: shape, dtype: dtype, offset: offset, store: &storage{buf: buf, backend: b, refs: 2}}
}

// Shape returns a copy of the extents.
func (t *Tensor) Shape() []int { return slices.Clone(t.shape) }

// Extents returns the extents on loan, for backends: they must not be changed.
func (t *Tensor) Extents() []int { return t.shape }

// Buffer returns the memory that t lies in, for its backend; nil for an outline.
func (t *Tensor) Buffer() Buffer { return t.store.buf }

// Offset returns where t begins in its buffer, in elements.
func (t *Tensor) Offset() int { return t.offset }

// Dim returns the extent of axis i; negative i counts from the end.
func (t *Tensor) Dim(i int) int {
	if i < 0 {
		i += len(t.shape)
	}
	return t.shape[i]
}

// Rank returns the number of axes.
func (t *Tensor) Rank() int { return len(t.shape) }

// Len returns the number of elements.
func (t *Tensor) Len() int { return Elements(t.shape) }

// Rows returns the number of rows when t is seen as a matrix of its last axis.
func (t *Tensor) Rows() int { return Elements(t.shape[:max(len(t.shape)-1, 0)]) }

// DType returns the type of the elements.
func (t *Tensor) DType() DType { return t.dtype }

// Backend returns the backend whose memory t is in; nil for an outline.
func (t *Tensor) Backend() Backend { return t.store.backend }

// SameShape tells whether both tensors have the same extents.
func (t *Tensor) SameShape(u *Tensor) bool { return slices.Equal(t.shape, u.shape) }

// View returns the same elements under another shape. It holds a reference of its own.
func (t *Tensor) View(shape ...int) *Tensor {
	if Elements(shape) != t.Len() {
		panic(&ShapeError{Op: "engine.View", Got: shape, Want: fmt.Sprintf("%d elements, as in %v", t.Len(), t.shape)})
	}
	t.store.refs++
	return &Tensor{shape: slices.Clone(shape), dtype: t.dtype, offset: t.offset, store: t.store}
}

// Range returns positions from ≤ i < to of the first axis, without a copy. It holds a reference of its own.
func (t *Tensor) Range(from, to int) *Tensor {
	if len(t.shape) == 0 || from < 0 || from > to || to > t.shape[0] {
		panic(&ShapeError{Op: "engine.Range", Got: fmt.Sprintf("%d:%d", from, to), Want: fmt.Sprintf("within the first axis of %v", t.shape)})
	}
	v := t.View(t.shape...)
	v.shape[0] = to - from
	v.offset += from * Elements(t.shape[1:])
	return v
}

// Retain adds a reference and returns t.
func (t *Tensor) Retain() *Tensor {
	t.store.refs++
	return t
}

// Shared tells whether the buffer has more than one reference, so that it must not be written in place.
func (t *Tensor) Shared() bool { return t.store.refs > 1 }

// SharesWith tells whether both tensors lie in one buffer, owned or borrowed.
func (t *Tensor) SharesWith(u *Tensor) bool {
	return t.store == u.store || t.store.buf != nil && t.store.buf == u.store.buf
}

// Free drops one reference. A nil tensor is ignored.
func (t *Tensor) Free() {
	if t == nil {
		return
	}
	s := t.store
	s.refs--
	switch {
	case s.refs < 0:
		panic("engine: tensor freed twice")
	case s.refs > 0:
		return
	case s.buf != nil:
		s.backend.Free(s.buf)
	}
	s.buf, s.remake = nil, nil // or Restore would allocate a buffer that is never freed
}

// Discard releases the buffer while t and its views stay valid, for contents that remake can recompute. They must not be
// read until Restore.
func (t *Tensor) Discard(remake func()) {
	t.store.backend.Free(t.store.buf)
	t.store.buf, t.store.remake = nil, remake
}

// Restore undoes Discard; without one it does nothing.
func (t *Tensor) Restore() {
	s := t.store
	if s.remake == nil {
		return
	}
	s.alloc()
	remake := s.remake
	s.remake = nil
	remake()
}

func (t *Tensor) String() string { return fmt.Sprintf("%v%v", t.dtype, t.shape) }
