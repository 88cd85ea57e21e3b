package enginetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"mien/engine"
)

// Deferred is a backend that wraps another and defers whatever the contract allows, as a GPU does: every call goes into a queue, which
// runs at the next Flush, Sync or Download. Code that passes on it relies neither on work being done when a call returns nor on memory
// that was freed or never written: buffers are filled with NaN before their first use, and again, in stream order, when they are
// freed.
//
// Arguments that live on the host are copied in the call, and tensors are handed on as borrowed ones of the inner backend. A
// tensor without memory, freed or discarded, panics in the call that receives it; an *engine.ShapeError of the inner backend
// is raised when the queue runs.
type Deferred struct {
	inner engine.Backend
	rng   *rand.Rand // nil to run the queue only at Flush, Sync and Download
	queue []func()
	stats engine.Stats
}

// NewDeferred wraps a backend. A seed other than 0 also runs the queue at random points, after one call in eight.
func NewDeferred(inner engine.Backend, seed uint64) *Deferred {
	d := &Deferred{inner: inner}
	if seed != 0 {
		d.rng = rand.New(rand.NewPCG(seed, 0))
	}
	return d
}

var _ engine.Backend = (*Deferred)(nil)

// enqueue defers fn, after all that was deferred before.
func (d *Deferred) enqueue(fn func()) {
	d.queue = append(d.queue, fn)
	if d.rng != nil && d.rng.IntN(8) == 0 {
		d.run()
	}
}

// run empties the queue. A call that panics is removed, and the next run continues after it.
func (d *Deferred) run() {
	for len(d.queue) > 0 {
		next := d.queue[0]
		d.queue = d.queue[1:]
		next()
	}
	d.queue = nil
}

// buffer is memory of the inner backend.
type buffer struct {
	inner engine.Buffer
	bytes int
	freed bool
}

// memory returns what a caller holds, which must not have been freed.
func memory(b engine.Buffer) *buffer {
	m, ok := b.(*buffer)
	if !ok || m.freed {
		panic(fmt.Sprintf("enginetest: %v is no memory of a deferred backend, or was freed", b))
	}
	return m
}

// account adds to the bytes that are live.
func (d *Deferred) account(bytes int) {
	d.stats.LiveBytes += bytes
	d.stats.PeakBytes = max(d.stats.PeakBytes, d.stats.LiveBytes)
}

// nan is a run of bytes that make NaN in every floating point type, and −1 in whole numbers.
var nan = bytes.Repeat([]byte{0xff}, 1<<16)

func (d *Deferred) poison(m *buffer) {
	for at := 0; at < m.bytes; at += len(nan) {
		d.inner.Upload(m.inner, at, nan[:min(len(nan), m.bytes-at)])
	}
}

func (d *Deferred) Name() string { return "deferred/" + d.inner.Name() }

func (d *Deferred) Supports(p engine.Precision, training bool) error {
	return d.inner.Supports(p, training)
}

func (d *Deferred) Activations(p engine.Precision) engine.DType { return d.inner.Activations(p) }

// Alloc takes memory at once, since it can fail. If there is none, running the queue may free some.
func (d *Deferred) Alloc(bytes int) (engine.Buffer, error) {
	inner, err := d.inner.Alloc(bytes)
	if err != nil {
		d.run()
		if inner, err = d.inner.Alloc(bytes); err != nil {
			return nil, err
		}
	}
	m := &buffer{inner: inner, bytes: bytes}
	d.account(bytes)
	d.enqueue(func() { d.poison(m) })
	return m, nil
}

func (d *Deferred) Free(b engine.Buffer) {
	m := memory(b)
	m.freed = true
	d.account(-m.bytes)
	d.enqueue(func() { d.poison(m); d.inner.Free(m.inner) })
}

func (d *Deferred) Upload(dst engine.Buffer, offset int, src []byte) {
	m, src := memory(dst), bytes.Clone(src)
	d.enqueue(func() { d.inner.Upload(m.inner, offset, src) })
}

func (d *Deferred) Download(dst []byte, src engine.Buffer, offset int) error {
	m := memory(src)
	d.run()
	return d.inner.Download(dst, m.inner, offset)
}

func (d *Deferred) Flush() {
	d.run()
	d.inner.Flush()
}

func (d *Deferred) Sync() error {
	d.run()
	return d.inner.Sync()
}

// Stats counts requested memory as of the calls, not of the queue. The working memory of kernels is not included.
func (d *Deferred) Stats() engine.Stats {
	stats := d.stats
	stats.PoolBytes = d.inner.Stats().PoolBytes
	return stats
}

func (d *Deferred) Close() error {
	d.run()
	return d.inner.Close()
}

// borrow hands a tensor on to the inner backend, as it is now; nil stays nil.
func (d *Deferred) borrow(t *engine.Tensor) *engine.Tensor {
	if t == nil {
		return nil
	}
	return engine.Borrow(d.inner, memory(t.Buffer()).inner, t.Offset(), t.DType(), t.Shape()...)
}

func (d *Deferred) borrowAll(list []*engine.Tensor) []*engine.Tensor {
	out := make([]*engine.Tensor, len(list))
	for i, t := range list {
		out[i] = d.borrow(t)
	}
	return out
}

// borrowIn replaces tensors by those of the inner backend.
func (d *Deferred) borrowIn(fields ...**engine.Tensor) {
	for _, f := range fields {
		*f = d.borrow(*f)
	}
}

// pack is a weight whose packing may still be in the queue.
type pack struct{ inner *engine.PackedWeight }

// PackWeight counts four bytes an element as live, or those of the precision.
func (d *Deferred) PackWeight(w *engine.Tensor, p engine.Precision) *engine.PackedWeight {
	n, made, src := w.Dim(0), new(pack), d.borrow(w)
	size := map[engine.Precision]int{engine.Full: max(w.DType().Size(), engine.Float32.Size()), engine.BF16: 2}[p]
	bytes := w.Len() * max(size, 1)
	d.enqueue(func() { made.inner = d.inner.PackWeight(src, p) })
	d.account(bytes)
	return engine.NewPackedWeight(n, w.Len()/max(n, 1), p, made, func() {
		d.account(-bytes)
		d.enqueue(func() { made.inner.Free() })
	})
}
