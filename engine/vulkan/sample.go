//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Sample(a engine.SampleArgs) {
	lanes := lanesOf(a.X.Dim(-1), a.X, a.Out)
	n := a.Out.Len() / lanes
	b.kernel("sample", lanes).out(a.Out).in(a.X).in(a.At).in(a.Factor).points(a).u32(n).each(n)
}

func (b *Backend) SampleBackward(a engine.SampleArgs, g engine.SampleGrads) {
	allFloat32("SampleBackward", a.X, a.At, a.Factor, g.DOut, g.DX, g.DAt, g.DFactor)
	if g.DX != nil {
		b.sampleInputGrad(a, g)
	}
	if g.DAt != nil || g.DFactor != nil {
		n := a.At.Len() / 3
		b.kernel("sample_points", flag(1, g.DAt != nil), flag(1, g.DFactor != nil)).out(g.DAt).out(g.DFactor).in(g.DOut).in(a.X).in(a.At).
			in(a.Factor).points(a).u32(n).groups(ceilDiv(n, workgroup/32), 1, 1)
	}
}

// sampleTile is how many positions a workgroup has. Each workgroup looks at all points of a sample, which takes some sixty operations for
// each: this grows with positions times points, while what is added grows with points alone.
const sampleTile, sampleLook = 16, 64

func (b *Backend) sampleInputGrad(a engine.SampleArgs, g engine.SampleGrads) {
	in := a.X.Extents()
	tiles := in[0] * ceilDiv(engine.Elements(in[1:4]), sampleTile)
	b.kernel("sample_input", lanesOf(in[4], g.DX, g.DOut)).update(g.DX).in(g.DOut).in(a.At).in(a.Factor).points(a).u32(in[0]).
		work(sampleLook*float64(tiles*a.At.Dim(1))).groups(tiles, 1, 1)
}

// points pushes the geometry of a window, how many points a sample has, and whether they have factors.
func (c *call) points(a engine.SampleArgs) *call {
	return c.window(a.X, a.Window).u32(a.At.Dim(1), flag(1, a.Factor != nil))
}
