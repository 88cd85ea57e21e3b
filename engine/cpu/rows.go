package cpu

import (
	"slices"

	"mien/asm"
	"mien/engine"
)

func (c *Backend) Gather(dst, src, index *engine.Tensor, accumulate bool) {
	defer c.timed("Gather", 0, dst, src, index)()
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

func (c *Backend) TopK(index, x *engine.Tensor) {
	defer c.timed("TopK", 0, index, x)()
	pick(x, topK[float32], topK[float64])(index, x)
}

// longRow is the number of columns from which on sorting all of them is faster than selecting many by insertion.
const longRow = 256

// topK selects by insertion: k and the rows (one entry an expert) are short, unless a row is sorted as a whole.
func topK[F asm.Float](index, x *engine.Tensor) {
	at, v, k, n := host[int32](index), host[F](x), index.Dim(-1), x.Dim(-1)
	parallelRows(x.Rows(), rowGrain(n*k), func(r int) {
		if n >= longRow && k > n/8 {
			copy(at[r*k:(r+1)*k], sortedPositions(v, r*n, n))
			return
		}
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

// sortedPositions returns the positions of n values from first on, the largest value first.
func sortedPositions[F asm.Float](v []F, first, n int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(first + i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		switch {
		case larger(v[a], v[b]):
			return -1
		case larger(v[b], v[a]):
			return 1
		}
		return 0
	})
	return order
}

func larger[F asm.Float](a, b F) bool { return a > b || (b != b && a == a) }

func (c *Backend) Route(a engine.RouteArgs) {
	defer c.timed("Route", 0, a.Choice, a.Slot, a.Place, a.Token, a.Chosen, a.Keep)()
	pick(a.Keep, route[float32], route[float64])(a)
}

// route is a counting sort of the choices by expert, stable in the order in which experts take them.
func route[F asm.Float](a engine.RouteArgs) {
	choice, slot, place, token := host[int32](a.Choice), host[int32](a.Slot), host[int32](a.Place), host[int32](a.Token)
	chosen, offsets, keep := host[int32](a.Chosen), host[int32](a.Offsets), host[F](a.Keep)
	experts, turn := int32(a.Experts), turns(a)
	clear(offsets)
	fill(chosen, -1)
	for _, c := range choice {
		offsets[c%experts+1]++
	}
	for e := range a.Experts {
		offsets[e+1] += offsets[e]
	}
	next := make([]int32, a.Experts)
	group := len(choice)
	if a.Group > 0 {
		group = a.K * a.Group
	}
	taken := make([]int, a.Experts*(len(choice)/max(group, 1)+1)) // of each group of tokens, by each expert
	for j := range choice {
		i := turn(j)
		c := choice[i]
		e := c % experts
		at := offsets[e] + next[e]
		slot[at], token[at], place[i], chosen[c] = int32(i), int32(i/a.K), at, int32(i)
		keep[at] = 1
		if room := &taken[i/group*a.Experts+int(e)]; a.Capacity > 0 {
			if *room++; *room > a.Capacity {
				keep[at] = 0
			}
		}
		next[e]++
	}
}

// turns returns the j-th choice to be served: token by token, or as Order says.
func turns(a engine.RouteArgs) func(j int) int {
	if a.Order == nil {
		return func(j int) int { return j }
	}
	order := host[int32](a.Order)
	return func(j int) int { return int(order[j%len(order)])*a.K + j/len(order) }
}
