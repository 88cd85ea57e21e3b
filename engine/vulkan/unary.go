//go:build vulkan

package vulkan

import "mien/engine"

// Functions of one operand.

func (b *Backend) Unary(op engine.UnaryOp, dst, x *engine.Tensor) {
	known("Unary", op, engine.Rsqrt)
	b.kernel("unary", int(op)).out(dst).in(x).u32(dst.Len()).each(dst.Len())
}

func (b *Backend) UnaryBackward(op engine.UnaryOp, dx, x, dy *engine.Tensor) {
	known("UnaryBackward", op, engine.Rsqrt)
	b.kernel("unary_backward", int(op)).out(dx).in(x).in(dy).u32(dx.Len()).each(dx.Len())
}
