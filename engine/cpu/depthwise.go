package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) Depthwise(a engine.DepthwiseArgs) {
	known("Depthwise", a.Mode, engine.DepthwiseWeightGrad)
	pick(a.X, depthwise[float32], depthwise[float64])(c, a)
}

func depthwise[F asm.Float](c *Backend, a engine.DepthwiseArgs) {
	x, y, weight, n := host[F](a.X), host[F](a.Y), host[F](a.Weight), a.X.Dim(-1)
	switch a.Mode {
	case engine.DepthwiseForward:
		weightedSums(y, x, weight, hostFrom[F](a.Bias, 0), n, sitesOf(a.X, a.Window))
	case engine.DepthwiseInputGrad:
		weightedSums(x, y, weight, nil, n, positionsOf(a.X, a.Window))
	default:
		depthwiseWeightGrad[F](c, a)
	}
}

// weightedSums computes, by channel, dst = bias + Σ weight[tap]·src[place] over the links of each row of dst.
func weightedSums[F asm.Float](dst, src, weight, bias []F, n int, r *relation) {
	k := kernels[F]()
	parallel(len(dst)/n, rowGrain(len(weight)), func(lo, hi int) {
		term := make([]F, n)
		for i := lo; i < hi; i++ {
			row := dst[i*n : (i+1)*n]
			clear(row)
			copy(row, bias)
			r.each(i, func(tap, place int) {
				k.Mul(term, src[place*n:(place+1)*n], weight[tap*n:(tap+1)*n])
				k.Add(row, row, term)
			})
		}
	})
}

// depthwiseRows is how many sites share one partial sum of the gradients of weights. It is fixed, so that the order of addition does not
// depend on the number of threads.
const depthwiseRows = 128

func depthwiseWeightGrad[F asm.Float](c *Backend, a engine.DepthwiseArgs) {
	x, dy, n, r, k := host[F](a.X), host[F](a.Y), a.X.Dim(-1), sitesOf(a.X, a.Window), kernels[F]()
	rows, size := a.Y.Rows(), a.Weight.Len()
	blocks := ceilDiv(rows, depthwiseRows)
	partial := engine.Zeros(c, a.X.DType(), blocks, size+n) // the gradients of weights and bias
	defer partial.Free()
	sums := host[F](partial)
	parallelRows(blocks, rowGrain(depthwiseRows*size), func(b int) {
		weight, bias := sums[b*(size+n):][:size], sums[b*(size+n)+size:][:n]
		term := make([]F, n)
		for site := b * depthwiseRows; site < min((b+1)*depthwiseRows, rows); site++ {
			up := dy[site*n : (site+1)*n]
			k.Add(bias, bias, up)
			r.each(site, func(tap, position int) {
				k.Mul(term, up, x[position*n:(position+1)*n])
				k.Add(weight[tap*n:(tap+1)*n], weight[tap*n:(tap+1)*n], term)
			})
		}
	})
	dw, db := host[F](a.Weight), hostFrom[F](a.Bias, 0)
	for b := range blocks {
		k.Add(dw, dw, sums[b*(size+n):][:size])
		if db != nil {
			k.Add(db, db, sums[b*(size+n)+size:][:n])
		}
	}
}
