//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Patchify(a engine.PatchifyArgs) {
	bytes := a.Pixels.DType() == engine.Uint8
	c := b.kernel("patchify", flag(1, bytes), flag(1, a.Rows != nil)).out(a.Dst)
	size, skip := a.Pixels.Extents()[1:], 0
	if bytes { // [B, T, H, W, 3]
		skip = c.words(a.Pixels)
	} else { // [B, 3, T, H, W]
		c.in(a.Pixels)
		size = size[1:]
	}
	c.ints(a.Rows).u32(a.Dst.Len(), skip, a.Tubelet, a.Patch, size[0], size[1], size[2])
	for ch := range a.Mean {
		c.f32(float64(a.Mean[ch]))
	}
	for ch := range a.Std {
		c.f32(float64(a.Std[ch]))
	}
	c.each(a.Dst.Len())
}

// words pushes the address of the 32-bit word in which a tensor of bytes begins. It returns how many bytes of it come before.
func (c *call) words(t *engine.Tensor) (skip int) {
	skip = t.Offset() % 4
	c.address(t.Buffer().(*block), t.Offset()-skip, t.Len()+skip, true, false)
	return skip
}
