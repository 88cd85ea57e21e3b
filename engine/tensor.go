// Package engine holds tensors, and the interface behind which something computes with them: a [Backend], of which [CPU] is
// the one here. It knows neither gradients nor layers.
//
// The CPU backend finds the slices of a tensor, chooses the kernels of package asm for its element type, and divides the
// work among threads. Threads divide what is computed, never a sum, so results have the same bits for any number of them.
// Memory comes from free lists and goes back when the last reference to a tensor is given up.
//
// Inference can keep the weight of a linear layer packed, in full or in low precision: [PackedWeight].
package engine

import (
	"fmt"
	"slices"
	"unsafe"
)

// Tensor is a contiguous, row-major view of a backend's buffer. A tensor is counted: New and every view start
// with one reference, Retain adds one, Free gives one back, and the buffer returns to its backend's free
// lists with the last. Forgetting to Free costs memory until the garbage collector finds it, nothing else.
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

// New returns a tensor with undefined contents.
func New(b Backend, dtype DType, shape ...int) *Tensor {
	n := Elements(shape)
	if slices.ContainsFunc(shape, func(d int) bool { return d < 0 }) {
		panic(&ShapeError{Op: "engine.New", Got: shape, Want: "extents of at least 0"})
	}
	return &Tensor{
		shape: slices.Clone(shape), dtype: dtype,
		store: &storage{buf: b.Alloc(n * dtype.Size()), bytes: n * dtype.Size(), backend: b, refs: 1},
	}
}

// Outline returns a tensor that has a shape but no memory: to count the parameters of a model of any size, and to stand for a
// weight that lives packed. Nothing can be computed with it.
func Outline(dtype DType, shape ...int) *Tensor {
	return &Tensor{shape: slices.Clone(shape), dtype: dtype, store: &storage{refs: 1}}
}

// Zeros returns a tensor of zeros.
func Zeros(b Backend, dtype DType, shape ...int) *Tensor {
	t := New(b, dtype, shape...)
	b.Fill(t, 0)
	return t
}

// FromSlice uploads values, converted to dtype where float32 and float64 differ.
func FromSlice[N Number](b Backend, dtype DType, values []N, shape ...int) *Tensor {
	t := New(b, dtype, shape...)
	Write(t, values)
	return t
}

// Write replaces the contents of t, converting between float32 and float64.
func Write[N Number](t *Tensor, values []N) {
	if len(values) != t.Len() {
		panic(&ShapeError{Op: "engine.Write", Got: len(values), Want: t.Len()})
	}
	switch {
	case t.dtype == dtypeOf[N]():
		upload(t, values)
	case t.dtype == Float32:
		upload(t, convert[float32](values))
	case t.dtype == Float64:
		upload(t, convert[float64](values))
	default:
		panic(&ShapeError{Op: "engine.Write", Got: dtypeOf[N](), Want: t.dtype})
	}
}

// Read waits for pending kernels and returns the contents of t as N, converting between number types. Its error
// is the backend's: the CPU has none.
func Read[N Number](t *Tensor) ([]N, error) {
	switch t.dtype {
	case Float32:
		v, err := download[float32](t)
		return convert[N](v), err
	case Float64:
		v, err := download[float64](t)
		return convert[N](v), err
	}
	v, err := download[int32](t)
	return convert[N](v), err
}

func upload[N Number](t *Tensor, values []N) {
	t.store.backend.Upload(t.store.buf, t.offset*t.dtype.Size(), asBytes(values))
}

func download[N Number](t *Tensor) ([]N, error) {
	dst := make([]N, t.Len())
	err := t.store.backend.Download(asBytes(dst), t.store.buf, t.offset*t.dtype.Size())
	return dst, err
}

// convert returns values itself where the types agree.
func convert[To, From Number](values []From) []To {
	if same, ok := any(values).([]To); ok {
		return same
	}
	out := make([]To, len(values))
	for i, v := range values {
		out[i] = To(v)
	}
	return out
}

func asBytes[N Number](v []N) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*int(unsafe.Sizeof(v[0])))
}

// Shape returns a copy of the extents.
func (t *Tensor) Shape() []int { return slices.Clone(t.shape) }

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
func (t *Tensor) Rows() int {
	rows := 1
	for _, d := range t.shape[:max(len(t.shape)-1, 0)] {
		rows *= d
	}
	return rows
}

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

// Retain adds a reference and returns t.
func (t *Tensor) Retain() *Tensor {
	t.store.refs++
	return t
}

// Shared tells whether the buffer has more than one reference, so that it must not be written in place.
func (t *Tensor) Shared() bool { return t.store.refs > 1 }

// SharesWith tells whether both tensors lie in one buffer.
func (t *Tensor) SharesWith(u *Tensor) bool { return t.store == u.store }

// Free gives one reference back. A nil tensor is ignored.
func (t *Tensor) Free() {
	if t == nil {
		return
	}
	t.store.refs--
	switch {
	case t.store.refs == 0 && t.store.buf != nil:
		t.store.backend.Free(t.store.buf)
		t.store.buf = nil
	case t.store.refs < 0:
		panic("engine: tensor freed twice")
	}
}

// Discard gives the buffer back although t and its views live on, for contents that remake can write again. Until Restore
// nothing may read them.
func (t *Tensor) Discard(remake func()) {
	t.store.backend.Free(t.store.buf)
	t.store.buf, t.store.remake = nil, remake
}

// Restore undoes Discard, if there was one.
func (t *Tensor) Restore() {
	s := t.store
	if s.remake == nil {
		return
	}
	remake := s.remake
	s.remake, s.buf = nil, s.backend.Alloc(s.bytes)
	remake()
}

func (t *Tensor) String() string { return fmt.Sprintf("%v%v", t.dtype, t.shape) }
