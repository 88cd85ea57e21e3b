package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) MSE(loss, pred, target *engine.Tensor) {
	defer c.timed("MSE", 0, loss, pred, target)()
	pick(pred, mse[float32], mse[float64])(c, loss, pred, target)
}

func mse[F asm.Float](c *Backend, loss, pred, target *engine.Tensor) {
	p, t, rows := host[F](pred), host[F](target), pred.Rows()
	n := pred.Len() / max(rows, 1)
	perRow := engine.New(c, pred.DType(), rows)
	defer perRow.Free()
	sums := host[F](perRow)
	parallelRows(rows, rowGrain(n), func(r int) {
		sums[r] = kernels[F]().SquaredDistance(p[r*n:(r+1)*n], t[r*n:(r+1)*n])
	})
	total := 0.0
	for _, s := range sums {
		total += float64(s) / float64(n)
	}
	host[F](loss)[0] = F(total / float64(rows))
}

func (c *Backend) MSEBackward(dpred, pred, target, dloss *engine.Tensor) {
	defer c.timed("MSEBackward", 0, dpred, pred, target, dloss)()
	pick(pred, mseBackward[float32], mseBackward[float64])(dpred, pred, target, dloss)
}

func mseBackward[F asm.Float](dpred, pred, target, dloss *engine.Tensor) {
	d, p, t := host[F](dpred), host[F](pred), host[F](target)
	s := F(2 * float64(host[F](dloss)[0]) / float64(len(p)))
	parallelElements(len(d), elementGrain, func(lo, hi int) {
		kernels[F]().Sub(d[lo:hi], p[lo:hi], t[lo:hi])
		kernels[F]().Scale(d[lo:hi], d[lo:hi], s)
	})
}
