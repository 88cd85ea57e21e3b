package cpu

import "sync/atomic"

// manyShares is into how many pieces to divide work that costs nothing to divide, at most that many: enough for each thread that
// none waits long for the last.
func manyShares(parts, most int) int { return max(parts, min(16*parts, most)) }

// inShares calls fn for each i < shares in as many parts as there are threads. Each goes through consecutive shares of its own, and then
// takes from the end of what others have left: one that starts late, or whose processor is needed elsewhere, leaves more to
// them. Threads so write places far apart for most of the time. Where they write neighbouring columns, the prefetcher of one
// takes away the cache lines of the other, which cost a product 8 % on two threads.
func inShares(parts, shares int, fn func(i int)) {
	left := make([]shareRange, parts)
	for t := range left {
		left[t].set(shares*t/parts, shares*(t+1)/parts)
	}
	do(parts, func(t int) {
		for i, ok := left[t].first(); ok; i, ok = left[t].first() {
			fn(i)
		}
		for other := 1; other < parts; other++ {
			victim := &left[(t+other)%parts]
			for i, ok := victim.last(); ok; i, ok = victim.last() {
				fn(i)
			}
		}
	})
}

// shareRange holds the shares [lo, hi) that nobody has taken, in one word so that both ends change at once. The rest of the cache
// line keeps the ranges of other threads away.
type shareRange struct {
	word atomic.Uint64
	_    [7]uint64
}

func (r *shareRange) set(lo, hi int) { r.word.Store(uint64(lo)<<32 | uint64(hi)) }

// first takes the first share, and reports whether there was one.
func (r *shareRange) first() (int, bool) {
	return r.take(func(lo, hi uint64) (taken, rest uint64) { return lo, (lo+1)<<32 | hi })
}

// last takes the last share, and reports whether there was one.
func (r *shareRange) last() (int, bool) {
	return r.take(func(lo, hi uint64) (taken, rest uint64) { return hi - 1, lo<<32 | (hi - 1) })
}

func (r *shareRange) take(end func(lo, hi uint64) (taken, rest uint64)) (int, bool) {
	for {
		was := r.word.Load()
		lo, hi := was>>32, was&(1<<32-1)
		if lo >= hi {
			return 0, false
		}
		if taken, rest := end(lo, hi); r.word.CompareAndSwap(was, rest) {
			return int(taken), true
		}
	}
}
