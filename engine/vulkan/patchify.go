//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Patchify(a engine.PatchifyArgs) {
	size := a.Pixels.Extents()[1:] // of bytes [B, T, H, W, 3], or floats [B, 3, T, H, W]
	bytes, some := 1, 0
	if a.Pixels.DType() != engine.Uint8 {
		size, bytes = size[1:], 0
	}
	if a.Rows != nil {
		some = 1
	}
	c := b.kernel("patchify", bytes, some).out(a.Dst)
	skip := 0
	if bytes == 1 {
		skip = c.words(a.Pixels)
	} else {
		c.in(a.Pixels)
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
