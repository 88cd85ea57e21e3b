package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) Gather(dst, src, index *engine.Tensor, accumulate bool) {
	pick(dst, gather[float32], gather[float64])(dst, src, index, accumulate)
}

func gather[F asm.Float](dst, src, index *engine.Tensor, accumulate bool) {
	d, s, at, n, k := host[F](dst), host[F](src), host[int32](index), src.Dim(-1), index.Dim(-1)
	parallelRows(dst.Rows(), rowGrain(n*k), func(i int) {
		sumRows(d[i*n:(i+1)*n], s, at[i*k:(i+1)*k], accumulate)
	})
}

// sumRows adds the rows of src that index names, in its order.
func sumRows[F asm.Float](dst, src []F, index []int32, accumulate bool) {
	n, begun := len(dst), accumulate
	for _, r := range index {
		if r < 0 {
			continue
		}
		row := src[int(r)*n : (int(r)+1)*n]
		if begun {
			kernels[F]().Add(dst, dst, row)
		} else {
			copy(dst, row)
		}
		begun = true
	}
	if !begun {
		clear(dst)
	}
}

func (c *Backend) TopK(index, x *engine.Tensor) { pick(x, topK[float32], topK[float64])(index, x) }

// topK selects by insertion: k and the rows (one entry an expert) are short.
func topK[F asm.Float](index, x *engine.Tensor) {
	at, v, k, n := host[int32](index), host[F](x), index.Dim(-1), x.Dim(-1)
	parallelRows(x.Rows(), rowGrain(n*k), func(r int) {
		best := at[r*k : r*k : (r+1)*k]
		for j := range n {
			best = insertBest(best, v, int32(r*n+j), k)
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

func (c *Backend) Route(a engine.RouteArgs) { pick(a.Keep, route[float32], route[float64])(a) }

// route is a stable counting sort of the choices by expert.
func route[F asm.Float](a engine.RouteArgs) {
	choice, slot, place, token := host[int32](a.Choice), host[int32](a.Slot), host[int32](a.Place), host[int32](a.Token)
	chosen, offsets, keep := host[int32](a.Chosen), host[int32](a.Offsets), host[F](a.Keep)
	experts := int32(a.Experts)
	clear(offsets)
	fill(chosen, -1)
	for _, c := range choice {
		offsets[c%experts+1]++
	}
	for e := range a.Experts {
		offsets[e+1] += offsets[e]
	}
	next := make([]int32, a.Experts)
	group := make([]int32, a.Experts) // next at the beginning of the group of tokens
	for i, c := range choice {
		if a.Group > 0 && i%(a.K*a.Group) == 0 {
			copy(group, next)
		}
		e := c % experts
		at := offsets[e] + next[e]
		slot[at], token[at], place[i], chosen[c] = int32(i), int32(i/a.K), at, int32(i)
		keep[at] = 1
		if a.Capacity > 0 && int(next[e]-group[e]) >= a.Capacity {
			keep[at] = 0
		}
		next[e]++
	}
}
