package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) LayerNorm(dst, mean, rstd, x, gamma, beta *engine.Tensor, eps float64) {
	defer c.timed("LayerNorm", 0, dst, mean, rstd, x, gamma, beta)()
	pick(x, layerNorm[float32], layerNorm[float64])(c, dst, mean, rstd, x, gamma, beta, eps)
}

func layerNorm[F asm.Float](c *Backend, dst, mean, rstd, x, gamma, beta *engine.Tensor, eps float64) {
	n := x.Dim(-1)
	d, v, g, b := rowsOf[F](c, dst, n), host[F](x), host[F](gamma), host[F](beta)
	mu, rs := host[F](mean), host[F](rstd)
	parallel(x.Rows(), rowGrain(n), func(lo, hi int) {
		d := d.own()
		for r := lo; r < hi; r++ {
			mu[r], rs[r] = kernels[F]().LayerNorm(d.at(r), v[r*n:(r+1)*n], g, b, F(eps))
			d.put(r)
		}
	})
}

func (c *Backend) LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd *engine.Tensor, accumulate bool) {
	defer c.timed("LayerNormBackward", 0, dx, dgamma, dbeta, x, gamma, dy, mean, rstd)()
	pick(x, layerNormBackward[float32], layerNormBackward[float64])(c, dx, dgamma, dbeta, x, gamma, dy, mean, rstd, accumulate)
}

// normRows is how many rows share one partial sum of dgamma and dbeta. It is fixed, so that the order of
// addition does not depend on the number of threads.
const normRows = 64

func layerNormBackward[F asm.Float](c *Backend, dx, dgamma, dbeta, x, gamma, dy, mean, rstd *engine.Tensor, accumulate bool) {
	n, rows := x.Dim(-1), x.Rows()
	d, v, g, up := host[F](dx), host[F](x), host[F](gamma), rowsOf[F](c, dy, n)
	mu, rs := host[F](mean), host[F](rstd)
	blocks := ceilDiv(rows, normRows)
	partial := engine.Zeros(c, x.DType(), blocks, 2, n)
	defer partial.Free()
	sums := host[F](partial)
	parallelRows(blocks, 1, func(b int) {
		pg, pb, up := sums[2*b*n:(2*b+1)*n], sums[(2*b+1)*n:(2*b+2)*n], up.own()
		for r := b * normRows; r < min((b+1)*normRows, rows); r++ {
			from, to := r*n, (r+1)*n
			if !accumulate {
				clear(d[from:to])
			}
			kernels[F]().LayerNormBackward(d[from:to], pg, pb, v[from:to], g, up.read(r), mu[r], rs[r])
		}
	})
	if dgamma == nil {
		return
	}
	dg, db := host[F](dgamma), host[F](dbeta)
	for b := range blocks {
		kernels[F]().Axpy(dg, 1, sums[2*b*n:(2*b+1)*n])
		kernels[F]().Axpy(db, 1, sums[(2*b+1)*n:(2*b+2)*n])
	}
}
