//go:build vulkan

package vulkan

import "mien/engine"

// lossBlock is how many squares one workgroup adds.
const lossBlock = 16 * workgroup

func (b *Backend) MSE(loss, pred, target *engine.Tensor) {
	allFloat32("MSE", loss, pred, target)
	n := pred.Len()
	blocks := ceilDiv(n, lossBlock)
	partial := b.working(blocks)
	defer b.release(partial)
	b.kernel("mse").out(partial).in(pred).in(target).u32(blocks, lossBlock, n).groups(blocks, 1, 1)
	b.sumMiddle(loss, partial, middle{1, blocks, 1}, 1/float64(n), false)
}

func (b *Backend) MSEBackward(dpred, pred, target, dloss *engine.Tensor) {
	n := dpred.Len()
	b.kernel("mse_backward").out(dpred).in(pred).in(target).in(dloss).f32(2 / float64(n)).u32(n).each(n)
}
