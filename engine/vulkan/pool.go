//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) MaxPool(dst, tap, x *engine.Tensor, w engine.Window) {
	if tap == nil { // which nobody wants
		allFloat32("MaxPool", dst, x)
		tap = engine.Borrow(b, b.scratch(dst.Len()*engine.Int32.Size()), 0, engine.Int32, dst.Len())
		defer b.release(tap)
	}
	lanes := lanesOf(x.Dim(-1), dst, tap, x)
	b.kernel("max_pool", lanes).out(dst).outInts(tap).in(x).eachPlace(dst, lanes, x, w)
}

func (b *Backend) MaxPoolBackward(dx, dy, tap *engine.Tensor, w engine.Window) {
	lanes := lanesOf(dx.Dim(-1), dx, dy, tap)
	b.kernel("max_pool_backward", lanes).out(dx).in(dy).ints(tap).eachPlace(dx, lanes, dx, w)
}
