//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Depthwise(a engine.DepthwiseArgs) {
	known("Depthwise", a.Mode, engine.DepthwiseWeightGrad)
	lanes := lanesOf(a.X.Dim(-1), a.X, a.Y, a.Weight, a.Bias)
	switch a.Mode {
	case engine.DepthwiseForward:
		b.kernel("depthwise", lanes, 1, flag(1, a.Bias != nil)).out(a.Y).in(a.X).in(a.Weight).in(a.Bias).eachPlace(a.Y, lanes, a.X, a.Window)
	case engine.DepthwiseInputGrad:
		b.kernel("depthwise", lanes, 0, 0).out(a.X).in(a.Y).in(a.Weight).in(nil).eachPlace(a.X, lanes, a.X, a.Window)
	default:
		b.depthwiseWeightGrad(a, lanes)
	}
}

// The gradient of weights is summed over blocks of sites, and these in order. There are enough blocks to fill a device, and no more, as
// the second sum is short of threads.
const depthwiseBlocks, depthwiseRows = 256, 32

func (b *Backend) depthwiseWeightGrad(a engine.DepthwiseArgs, lanes int) {
	allFloat32("Depthwise", a.X, a.Y, a.Weight)
	rows, size := a.Y.Rows(), a.Weight.Len()
	block := max(depthwiseRows, ceilDiv(rows, depthwiseBlocks))
	blocks := ceilDiv(rows, block)
	partial := b.working(blocks * size)
	defer b.release(partial)
	n := blocks * size / lanes
	b.kernel("depthwise_weight", lanes).out(partial).in(a.Y).in(a.X).window(a.X, a.Window).u32(rows, block, n).each(n)
	b.kernel("depthwise_sum").update(a.Weight).in(partial).u32(blocks, size).each(size)
}
