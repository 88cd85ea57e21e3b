//go:build vulkan

package vulkan

import (
	"math"

	"mien/engine"
)

// Elementwise operations, the simplest methods of the backend.

func (b *Backend) Fill(dst *engine.Tensor, value float64) {
	bits := 0
	switch dst.DType() {
	case engine.Float32:
		bits = int(math.Float32bits(float32(value)))
	case engine.Int32:
		bits = int(uint32(int32(value)))
	default:
		panic(unsupported("Fill", dst.DType()))
	}
	b.kernel("fill").tensor(dst, dst.DType(), false, true).u32(bits, dst.Len()).each(dst.Len())
}

func (b *Backend) Axpy(dst *engine.Tensor, s float64, x *engine.Tensor) {
	b.kernel("axpy").update(dst).in(x).f32(s).u32(dst.Len()).each(dst.Len())
}

func (b *Backend) Scale(dst, x *engine.Tensor, s float64) {
	b.kernel("scale").out(dst).in(x).f32(s).u32(dst.Len()).each(dst.Len())
}

// binaryAxes is the most axes that shaders/binary.comp walks.
const binaryAxes = 6

func (b *Backend) Binary(op engine.BinaryOp, dst, x, y *engine.Tensor) {
	known("Binary", op, engine.PReLU)
	shape := dst.Extents()
	w := newWalk(shape, engine.BroadcastStrides(shape, x.Extents()), engine.BroadcastStrides(shape, y.Extents()))
	c := b.kernel("binary", int(op), w.rank()).out(dst).in(x).in(y).u32(dst.Len())
	c.u32(padded("Binary", w.extents, binaryAxes)...)
	c.u32(padded("Binary", w.strides[0], binaryAxes)...)
	c.u32(padded("Binary", w.strides[1], binaryAxes)...)
	c.each(dst.Len())
}
