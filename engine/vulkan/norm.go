//go:build vulkan

package vulkan

import "mien/engine"

func (b *Backend) LayerNorm(dst, mean, rstd, x, gamma, beta *engine.Tensor, eps float64) {
	r := rowsOf(x)
	b.kernel("layer_norm", r.lanes).out(dst).out(mean).out(rstd).in(x).in(gamma).in(beta).f32(eps).u32(r.rows, r.n).groups(r.groups(), 1, 1)
}

// normRows is the least number of rows that share a partial sum of dgamma and dbeta, and normBlocks the most such sums.
const normRows, normBlocks = 64, 1024

func (b *Backend) LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd *engine.Tensor, accumulate bool) {
	allFloat32("LayerNormBackward", dx, dgamma, dbeta, x, gamma, dy, mean, rstd)
	r := rowsOf(x)
	b.kernel("layer_norm_backward", r.lanes, flag(1, accumulate)).tensor(dx, engine.Float32, accumulate, true).
		in(x).in(gamma).in(dy).in(mean).in(rstd).u32(r.rows, r.n).groups(r.groups(), 1, 1)
	if dgamma == nil {
		return
	}
	size := max(normRows, ceilDiv(r.rows, normBlocks))
	blocks := ceilDiv(r.rows, size)
	g := b.working(blocks * r.n)
	defer b.release(g)
	s := b.working(blocks * r.n)
	defer b.release(s)
	b.kernel("layer_norm_weights").out(g).out(s).in(x).in(dy).in(mean).in(rstd).
		u32(r.rows, r.n, size).groups(ceilDiv(r.n, workgroup), blocks, 1)
	b.sumMiddle(dgamma, g, middle{1, blocks, r.n}, 1, true)
	b.sumMiddle(dbeta, s, middle{1, blocks, r.n}, 1, true)
}
