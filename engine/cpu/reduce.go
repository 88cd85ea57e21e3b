package cpu

import (
	"slices"

	"mien/asm"
	"mien/engine"
)

func (c *Backend) SumTo(dst, src *engine.Tensor, accumulate bool) {
	if !accumulate {
		c.Fill(dst, 0)
	}
	pick(dst, sumTo[float32], sumTo[float64])(dst, src)
}

// sumTo adds src into dst. Every element of dst is summed by one goroutine, in the order of src.
func sumTo[F asm.Float](dst, src *engine.Tensor) {
	d, s := host[F](dst), host[F](src)
	loop := newBroadcast(src.Extents(), dst.Extents(), src.Extents())
	if loop.step[0] == 0 { // runs collapse to one element each
		sumRuns(d, s, &loop)
		return
	}
	// Runs are added to runs: split by columns, as several runs may be added to the same place.
	parallel(loop.inner, rowGrain(loop.outer), func(from, to int) {
		loop.each(0, loop.outer, func(_ int, at [2]int) {
			kernels[F]().Axpy(d[at[0]+from:at[0]+to], 1, s[at[1]+from:at[1]+to])
		})
	})
}

func sumRuns[F asm.Float](d, s []F, loop *broadcast) {
	k := kernels[F]()
	add := func(lo, hi int) {
		loop.each(lo, hi, func(_ int, at [2]int) { d[at[0]] += F(sumBlocks(s[at[1]:at[1]+loop.inner], k.Sum)) })
	}
	if len(loop.dims) == 1 && loop.strides[0][0] != 0 { // a row for each sum
		parallel(loop.outer, rowGrain(loop.inner), add)
		return
	}
	add(0, loop.outer)
}

// sumBlocks sums blocks with a kernel and the blocks in float64, so that long sums keep their precision.
func sumBlocks[F asm.Float](x []F, kernel func(block []F) F) (total float64) {
	for block := range slices.Chunk(x, 4096) {
		total += float64(kernel(block))
	}
	return total
}
