//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Gather(dst, src, index *engine.Tensor, accumulate bool) {
	n := dst.Len()
	b.kernel("gather", flag(1, accumulate)).tensor(dst, engine.Float32, accumulate, true).in(src).ints(index).u32(n, src.Dim(-1), index.Dim(-1)).each(n)
}
