//go:build vulkan

package vulkan

import "mien/engine"

// Convolution and pooling visit, for each site of a window, the positions under its taps; their gradients visit, for each position, the
// sites that see it (shaders/window.glsl). A thread computes one or four channels of a place, in the order of taps.

func (b *Backend) Unfold(columns, x *engine.Tensor, w engine.Window) {
	lanes := lanesOf(x.Dim(-1), columns, x)
	n := columns.Rows() * x.Dim(-1) / lanes // a thread writes all taps
	b.kernel("unfold", lanes).out(columns).in(x).window(x, w).u32(n).each(n)
}

func (b *Backend) Fold(x, columns *engine.Tensor, w engine.Window, accumulate bool) {
	lanes := lanesOf(x.Dim(-1), columns, x)
	b.kernel("fold", lanes, flag(1, accumulate)).tensor(x, engine.Float32, accumulate, true).in(columns).eachPlace(x, lanes, x, w)
}

// eachPlace runs a thread for each lane of t, whose rows are the sites or the positions of a window over x.
func (c *call) eachPlace(t *engine.Tensor, lanes int, x *engine.Tensor, w engine.Window) {
	n := t.Len() / lanes
	c.window(x, w).u32(n).each(n)
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

// lanesOf returns how many channels of a place a thread computes (shaders/lanes.glsl).
func lanesOf(channels int, tensors ...*engine.Tensor) int {
	if channels%4 == 0 && allAligned(tensors...) {
		return 4
	}
	return 1
}
