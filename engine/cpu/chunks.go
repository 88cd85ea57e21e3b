package cpu

import "sync/atomic"

// manyChunks returns the number of chunks, up to most, for work that costs nothing to split: enough for each thread that none waits
// long for the last.
func manyChunks(parts, most int) int { return max(parts, min(16*parts, most)) }

// inChunks calls fn for each i < chunks on parts threads, or as many as there are processors, with work stealing: each works through
// consecutive chunks of its own, and then steals from the end of the others' ranges. So a thread that starts late or is preempted does not
// hold up the rest, and threads mostly write to places far apart. When they write neighbouring columns, the prefetcher of one takes cache
// lines from the other, which cost a product 8 % on two threads. Where each has one chunk, there is nothing to steal.
func inChunks(parts, chunks int, fn func(i int)) {
	parts = min(parts, int(processors))
	if chunks <= parts {
		do(chunks, fn)
		return
	}
	left := make([]chunkRange, parts)
	for t := range left {
		left[t].set(chunks*t/parts, chunks*(t+1)/parts)
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

// chunkRange holds the chunks [lo, hi) that are still free, in one word so that both ends change atomically. The padding to a
// cache line prevents false sharing.
type chunkRange struct {
	word atomic.Uint64
	_    [7]uint64
}

func (r *chunkRange) set(lo, hi int) { r.word.Store(uint64(lo)<<32 | uint64(hi)) }

// first takes the first chunk, and reports whether there was one.
func (r *chunkRange) first() (int, bool) {
	return r.take(func(lo, hi uint64) (taken, rest uint64) { return lo, (lo+1)<<32 | hi })
}

// last takes the last chunk, and reports whether there was one.
func (r *chunkRange) last() (int, bool) {
	return r.take(func(lo, hi uint64) (taken, rest uint64) { return hi - 1, lo<<32 | (hi - 1) })
}

func (r *chunkRange) take(end func(lo, hi uint64) (taken, rest uint64)) (int, bool) {
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
