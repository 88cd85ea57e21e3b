//go:build vulkan

package vulkan

import "mien/engine"

// Convolution and pooling visit, for each site of a window, the positions under its taps; their gradients visit, for each position, the
// sites that see it (shaders/window.glsl). A thread computes one channel of a place, alone and in the order of taps.

// eachPlace runs a thread for each element of t, whose rows are the sites or the positions of a window over x.
func (c *call) eachPlace(t, x *engine.Tensor, w engine.Window) {
	c.window(x, w).u32(t.Len()).each(t.Len())
}

// window pushes the geometry of a window over x [B, T, H, W, C], without sites for no window, and C.
func (c *call) window(x *engine.Tensor, w engine.Window) *call {
	in := [3]int(x.Extents()[1:4])
	sites := [3]int{}
	if w != (engine.Window{}) {
		sites = w.Sites(in)
	}
	for _, v := range [][3]int{in, sites, w.Kernel, w.Stride, w.Pad} {
		c.u32(v[:]...)
	}
	return c.u32(x.Dim(-1))
}

func (b *Backend) Unfold(columns, x *engine.Tensor, w engine.Window) {
	n := columns.Len() / w.Taps() // a thread writes all taps
	b.kernel("unfold").out(columns).in(x).window(x, w).u32(n).each(n)
}

func (b *Backend) Fold(x, columns *engine.Tensor, w engine.Window, accumulate bool) {
	b.kernel("fold", oneIf(accumulate)).tensor(x, engine.Float32, accumulate, true).in(columns).eachPlace(x, x, w)
}
