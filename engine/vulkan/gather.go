//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Gather(dst, src, index *engine.Tensor, accumulate bool) {
	add := 0
	if accumulate {
		add = 1
	}
	n := dst.Len()
	b.kernel("gather", add).tensor(dst, engine.Float32, accumulate, true).in(src).ints(index).u32(n, src.Dim(-1), index.Dim(-1)).each(n)
}
