//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) MaxPool(dst, tap, x *engine.Tensor, w engine.Window) {
	b.kernel("max_pool").out(dst).outInts(tap).in(x).eachPlace(dst, x, w)
}

func (b *Backend) MaxPoolBackward(dx, dy, tap *engine.Tensor, w engine.Window) {
	b.kernel("max_pool_backward").out(dx).in(dy).ints(tap).eachPlace(dx, dx, w)
}
