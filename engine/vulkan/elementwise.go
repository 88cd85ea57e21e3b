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
