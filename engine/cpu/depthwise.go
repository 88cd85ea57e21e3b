package cpu

import (
	"slices"

	"mien/asm"
	"mien/engine"
)

func (c *Backend) Depthwise(a engine.DepthwiseArgs) {
	defer c.timed("Depthwise", 0, a.X, a.Y, a.Weight)()
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

// weightedSums computes, by channel, dst = bias + Σ weight[tap]·src[place] over the links of each row of dst. Rows that follow each other
// and are linked alike are computed together, by weights that are repeated for each: channels are few where rows are many.
func weightedSums[F asm.Float](dst, src, weight, bias []F, n int, r *relation) {
	k, together := kernels[F](), max(1, runElements/n)
	weights, biases, length := repeated(weight, n, together), repeated(bias, n, together), together*n
	parallel(len(dst)/n, rowGrain(len(weight)), func(lo, hi int) {
		for i := lo; i < hi; {
			run := min(r.run(i), together, hi-i)
			rows := dst[i*n : (i+run)*n]
			clear(rows)
			copy(rows, biases)
			r.each(i, func(tap, place int) {
				k.MulAdd(rows, src[place*n:(place+run)*n], weights[tap*length:][:run*n])
			})
			i += run
		}
	})
}

// runElements are computed together. Weights of nine taps, repeated for so many, and all that they meet stay in the first cache.
const runElements = 512

// repeated returns each row of n elements so many times.
func repeated[F asm.Float](rows []F, n, times int) []F {
	all := make([]F, 0, len(rows)*times)
	for row := range slices.Chunk(rows, n) {
		for range times {
			all = append(all, row...)
		}
	}
	return all
}

// depthwiseRows is how many sites share one partial sum of the gradient of weights. It is fixed, so that the order of addition does not
// depend on the number of threads.
const depthwiseRows = 128

func depthwiseWeightGrad[F asm.Float](c *Backend, a engine.DepthwiseArgs) {
	x, dy, dw, n := host[F](a.X), host[F](a.Y), host[F](a.Weight), a.X.Dim(-1)
	rows, k, r := a.Y.Rows(), kernels[F](), sitesOf(a.X, a.Window)
	blocks := ceilDiv(rows, depthwiseRows)
	partial := engine.Zeros(c, a.X.DType(), blocks, len(dw))
	defer partial.Free()
	sums := host[F](partial)
	parallelRows(blocks, rowGrain(depthwiseRows*len(dw)), func(b int) {
		sum := sums[b*len(dw):][:len(dw)]
		for site := b * depthwiseRows; site < min((b+1)*depthwiseRows, rows); site++ {
			r.each(site, func(tap, position int) {
				k.MulAdd(sum[tap*n:(tap+1)*n], dy[site*n:(site+1)*n], x[position*n:(position+1)*n])
			})
		}
	})
	for b := range blocks {
		k.Add(dw, dw, sums[b*len(dw):][:len(dw)])
	}
}
