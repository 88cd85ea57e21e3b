package engine

import "mien/asm"

func (c *CPU) MaskedMSE(loss, pred, target, weight *Tensor) {
	pick(pred, maskedMSE[float32], maskedMSE[float64])(c, loss, pred, target, weight)
}

func maskedMSE[F asm.Float](c *CPU, loss, pred, target, weight *Tensor) {
	p, t, w, n, rows := host[F](pred), host[F](target), host[F](weight), pred.Dim(-1), pred.Rows()
	perRow := New(c, pred.dtype, rows)
	defer perRow.Free()
	sums := host[F](perRow)
	parallel(rows, rowGrain(n), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			sums[r] = kernels[F]().SquaredDistance(p[r*n:(r+1)*n], t[r*n:(r+1)*n])
		}
	})
	total := 0.0
	for r, v := range w {
		if v != 0 { // an unseen row counts for nothing, whatever stands in it
			total += float64(v) * float64(sums[r]) / float64(n)
		}
	}
	host[F](loss)[0] = F(total / totalWeight(w))
}

// totalWeight returns Σ w, or 1 where no row has weight, so that the loss is 0 and not NaN.
func totalWeight[F asm.Float](w []F) float64 {
	total := 0.0
	for _, v := range w {
		total += float64(v)
	}
	if total == 0 {
		return 1
	}
	return total
}

func (c *CPU) MaskedMSEBackward(dpred, pred, target, weight, dloss *Tensor) {
	pick(pred, maskedMSEBackward[float32], maskedMSEBackward[float64])(dpred, pred, target, weight, dloss)
}

func maskedMSEBackward[F asm.Float](dpred, pred, target, weight, dloss *Tensor) {
	d, p, t, w, n := host[F](dpred), host[F](pred), host[F](target), host[F](weight), pred.Dim(-1)
	scale := 2 * float64(host[F](dloss)[0]) / (float64(n) * totalWeight(w))
	parallel(pred.Rows(), rowGrain(n), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			row := d[r*n : (r+1)*n]
			if w[r] == 0 {
				fill(row, 0)
				continue
			}
			kernels[F]().Sub(row, p[r*n:(r+1)*n], t[r*n:(r+1)*n])
			kernels[F]().Scale(row, row, F(scale*float64(w[r])))
		}
	})
}
