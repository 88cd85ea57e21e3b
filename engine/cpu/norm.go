package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) LayerNorm(dst, mean, rstd, x, gamma, beta *engine.Tensor, eps float64) {
	defer c.timed("LayerNorm", 0, dst, mean, rstd, x, gamma, beta)()
	pick(x, layerNorm[float32], layerNorm[float64])(dst, mean, rstd, x, gamma, beta, eps)
}

func layerNorm[F asm.Float](dst, mean, rstd, x, gamma, beta *engine.Tensor, eps float64) {
	d, v, g, b, n := host[F](dst), host[F](x), host[F](gamma), host[F](beta), x.Dim(-1)
	mu, rs := host[F](mean), host[F](rstd)
	parallelRows(x.Rows(), rowGrain(n), func(r int) {
		from, to := r*n, (r+1)*n
		mu[r], rs[r] = kernels[F]().LayerNorm(d[from:to], v[from:to], g, b, F(eps))
	})
}

func (c *Backend) LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd *engine.Tensor) {
	defer c.timed("LayerNormBackward", 0, dx, dgamma, dbeta, x, gamma, dy, mean, rstd)()
	pick(x, layerNormBackward[float32], layerNormBackward[float64])(c, dx, dgamma, dbeta, x, gamma, dy, mean, rstd)
}

// normRows is how many rows share one partial sum of dgamma and dbeta. It is fixed, so that the order of
// addition does not depend on the number of threads.
const normRows = 64

func layerNormBackward[F asm.Float](c *Backend, dx, dgamma, dbeta, x, gamma, dy, mean, rstd *engine.Tensor) {
	d, v, g, up, n, rows := host[F](dx), host[F](x), host[F](gamma), host[F](dy), x.Dim(-1), x.Rows()
	mu, rs := host[F](mean), host[F](rstd)
	blocks := ceilDiv(rows, normRows)
	partial := engine.Zeros(c, x.DType(), blocks, 2, n)
	defer partial.Free()
	sums := host[F](partial)
	parallelRows(blocks, 1, func(b int) {
		pg, pb := sums[2*b*n:(2*b+1)*n], sums[(2*b+1)*n:(2*b+2)*n]
		for r := b * normRows; r < min((b+1)*normRows, rows); r++ {
			from, to := r*n, (r+1)*n
			kernels[F]().LayerNormBackward(d[from:to], pg, pb, v[from:to], g, up[from:to], mu[r], rs[r])
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
