package cpu

import (
	"slices"

	"mien/asm"
	"mien/engine"
)

func (c *Backend) SumTo(dst, src *engine.Tensor, accumulate bool) {
	defer c.timed("SumTo", 0, dst, src)()
	if !accumulate {
		c.Fill(dst, 0)
	}
	if c.narrow(src) {
		sumNarrow(c, dst, src)
		return
	}
	pick(dst, sumTo[float32], sumTo[float64])(c, dst, src)
}

// sumNarrow adds rows of bfloat16 to a float32 row.
func sumNarrow(c *Backend, dst, src *engine.Tensor) {
	d := host[float32](dst)
	if dst.Rank() != 1 || src.Rows()*len(d) != src.Len() {
		panic(&engine.ShapeError{Op: "SumTo of " + src.String(), Got: dst, Want: "a row of it"})
	}
	addRows(c, d, rowsOf[float32](c, src, len(d)), src.Rows())
}

// sumTo adds src into dst. Every element of dst is summed by one goroutine, in the order of src, but where there are rows enough for
// partial sums.
func sumTo[F asm.Float](c *Backend, dst, src *engine.Tensor) {
	d, s := host[F](dst), host[F](src)
	loop := newBroadcast(src.Extents(), dst.Extents(), src.Extents())
	if loop.step[0] == 0 { // runs collapse to one element each
		sumRuns(d, s, &loop)
		return
	}
	if count := loop.rowsToOne(); count > sumBlock { // as for a bias, or the mean of a sample's tokens
		for first := 0; first < loop.outer; first += count {
			loop.each(first, first+1, func(_ int, at [2]int) {
				addRows(c, d[at[0]:][:loop.inner], rows[F]{n: loop.inner, wide: s[at[1]:]}, count)
			})
		}
		return
	}
	// Runs are added to runs: split by columns, as several runs may be added to the same place.
	parallel(loop.inner, rowGrain(loop.outer), func(from, to int) {
		loop.each(0, loop.outer, func(_ int, at [2]int) {
			kernels[F]().Axpy(d[at[0]+from:at[0]+to], 1, s[at[1]+from:at[1]+to])
		})
	})
}

// rowsToOne returns how many runs after one another are added to the same one. It does not depend on the size of a batch, nor may the bits
// of a sample's sum.
func (l *broadcast) rowsToOne() int {
	last := len(l.dims) - 1
	if last < 0 || l.strides[0][last] != 0 {
		return 1
	}
	return l.dims[last]
}

// sumBlock is how many rows share one partial sum. It is fixed, so that the order of addition does not depend on the number of threads.
const sumBlock = 64

// addRows adds so many rows of s to d: blocks of them on their own, and then the sums of the blocks. Threads that took columns of the same
// rows would wait for each other's cache lines.
func addRows[F asm.Float](c *Backend, d []F, s rows[F], n int) {
	add := func(sum []F, s rows[F], lo, hi int) {
		for r := lo; r < hi; r++ {
			kernels[F]().Add(sum, sum, s.read(r))
		}
	}
	blocks := ceilDiv(n, sumBlock)
	memory := engine.Zeros(c, engine.DTypeOf[F](), blocks, len(d))
	defer memory.Free()
	sums := rowsOf[F](c, memory, len(d))
	parallel(blocks, rowGrain(sumBlock*len(d)), func(lo, hi int) {
		s := s.own()
		for b := lo; b < hi; b++ {
			add(sums.read(b), s, b*sumBlock, min((b+1)*sumBlock, n))
		}
	})
	add(d, sums, 0, blocks)
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
