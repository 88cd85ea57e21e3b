package engine

import "mien/asm"

func (c *CPU) Gather(dst, src, index *Tensor) {
	if dst.dtype == Int32 {
		gather[int32](dst, src, index)
		return
	}
	pick(dst, gather[float32], gather[float64])(dst, src, index)
}

func gather[N Number](dst, src, index *Tensor) {
	d, s, at, n := host[N](dst), host[N](src), host[int32](index), src.Dim(-1)
	parallel(len(at), rowGrain(n), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			from := int(at[i]) * n
			copy(d[i*n:(i+1)*n], s[from:from+n])
		}
	})
}

func (c *CPU) ScatterAdd(dst, src, index *Tensor) {
	pick(dst, scatterAdd[float32], scatterAdd[float64])(dst, src, index)
}

// scatterAdd divides columns, not rows, over the threads: rows may meet, and then their order counts.
func scatterAdd[F asm.Float](dst, src, index *Tensor) {
	d, s, at, n := host[F](dst), host[F](src), host[int32](index), src.Dim(-1)
	parallel(n, rowGrain(len(at)), func(from, to int) {
		for i, r := range at {
			row := d[int(r)*n+from : int(r)*n+to]
			kernels[F]().Add(row, row, s[i*n+from:i*n+to])
		}
	})
}

func (c *CPU) TopK(index, x *Tensor) { pick(x, topK[float32], topK[float64])(index, x) }

// topK selects by insertion: k and the rows (one entry an expert) are short.
func topK[F asm.Float](index, x *Tensor) {
	at, v, k, n := host[int32](index), host[F](x), index.Dim(-1), x.Dim(-1)
	parallel(x.Rows(), rowGrain(n*k), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			best := at[r*k : r*k : (r+1)*k]
			for j := range n {
				best = insertBest(best, v, int32(r*n+j), k)
			}
		}
	})
}

// insertBest keeps the k positions with the largest values, largest first; an equal value stays behind. NaN sorts
// last, so that a row of NaN still has k choices.
func insertBest[F asm.Float](best []int32, v []F, pos int32, k int) []int32 {
	if len(best) < k {
		best = append(best, pos)
	} else if !larger(v[pos], v[best[k-1]]) {
		return best
	} else {
		best[k-1] = pos
	}
	for i := len(best) - 1; i > 0 && larger(v[best[i]], v[best[i-1]]); i-- {
		best[i], best[i-1] = best[i-1], best[i]
	}
	return best
}

func larger[F asm.Float](a, b F) bool { return a > b || (b != b && a == a) }

func (c *CPU) Route(a RouteArgs) { pick(a.Keep, route[float32], route[float64])(a) }

// route is a stable counting sort of the choices by expert.
func route[F asm.Float](a RouteArgs) {
	choice, slot, token := host[int32](a.Choice), host[int32](a.Slot), host[int32](a.Token)
	offsets, keep := host[int32](a.Offsets), host[F](a.Keep)
	experts := int32(a.Experts)
	fill(offsets, 0)
	for _, c := range choice {
		offsets[c%experts+1]++
	}
	for e := range a.Experts {
		offsets[e+1] += offsets[e]
	}
	next := make([]int32, a.Experts)
	for i, c := range choice {
		e := c % experts
		at := offsets[e] + next[e]
		slot[at], token[at] = int32(i), int32(i/a.K)
		keep[at] = 1
		if a.Capacity > 0 && int(next[e]) >= a.Capacity {
			keep[at] = 0
		}
		next[e]++
	}
}
