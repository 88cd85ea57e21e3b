//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Copy(a engine.CopyArgs) {
	dtype := a.Dst.DType()
	if a.Accumulate || dtype != engine.Int32 {
		dtype = engine.Float32
	}
	n := a.Block * a.Count
	b.kernel("copy", flag(1, a.Accumulate)).tensor(a.Dst, dtype, a.Accumulate, true).as(dtype, a.Src).
		u32(n, a.Block, a.DstOffset, a.DstStride, a.SrcOffset, a.SrcStride).each(n)
}

// permuteAxes is the most axes that shaders/permute.comp walks, after those that stay together were merged.
const permuteAxes = 8

func (b *Backend) Permute(dst, src *engine.Tensor, perm []int) {
	strides, from := engine.BroadcastStrides(src.Extents(), src.Extents()), make([]int, len(perm))
	for i, axis := range perm {
		from[i] = strides[axis]
	}
	w := newWalk(dst.Extents(), from)
	c := b.kernel("permute", w.rank()).out(dst).in(src).u32(dst.Len())
	c.u32(padded("Permute", w.extents, permuteAxes)...)
	c.u32(padded("Permute", w.strides[0], permuteAxes)...)
	c.each(dst.Len())
}
