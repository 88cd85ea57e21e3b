//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) Depthwise(a engine.DepthwiseArgs) {
	known("Depthwise", a.Mode, engine.DepthwiseWeightGrad)
	switch a.Mode {
	case engine.DepthwiseForward:
		b.kernel("depthwise", 1, oneIf(a.Bias != nil)).out(a.Y).in(a.X).in(a.Weight).in(a.Bias).eachPlace(a.Y, a.X, a.Window)
	case engine.DepthwiseInputGrad:
		b.kernel("depthwise", 0, 0).out(a.X).in(a.Y).in(a.Weight).in(nil).eachPlace(a.X, a.X, a.Window)
	default:
		b.depthwiseWeightGrad(a)
	}
}

// The gradient of weights is summed over blocks of sites, and these in order. There are enough blocks to fill a device, and no more, as
// the second sum is short of threads.
const depthwiseBlocks, depthwiseRows = 256, 32

func (b *Backend) depthwiseWeightGrad(a engine.DepthwiseArgs) {
	wantFloats("Depthwise", a.X, a.Y, a.Weight)
	rows, size := a.Y.Rows(), a.Weight.Len()
	block := max(depthwiseRows, ceilDiv(rows, depthwiseBlocks))
	blocks := ceilDiv(rows, block)
	partial := b.scratch(4 * blocks * size)
	defer b.memory.free(partial)
	b.kernel("depthwise_weight").memory(partial, false, true).in(a.Y).in(a.X).window(a.X, a.Window).
		u32(rows, block, blocks*size).each(blocks * size)
	b.kernel("depthwise_sum").update(a.Weight).memory(partial, true, false).u32(blocks, size).each(size)
}
