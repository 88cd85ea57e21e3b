package cpu

import "runtime"

// parallel calls fn on consecutive ranges that cover [0, n), at most as many as there are threads, and each at least grain long. Ranges
// only divide the output: no result may depend on where they are cut.
func parallel(n, grain int, fn func(lo, hi int)) {
	parts := min(runtime.GOMAXPROCS(0), n/max(grain, 1))
	if parts <= 1 {
		if n > 0 {
			fn(0, n)
		}
		return
	}
	do(parts, func(p int) { fn(n*p/parts, n*(p+1)/parts) })
}

// lanes is a multiple of what any elementwise kernel computes in one turn of its loop.
const lanes = 64

// parallelElements is parallel for elementwise kernels. A kernel may round its last few elements differently from those in
// vectors, with and without fused multiply-add; so cuts are at multiples of lanes, and the same elements come last
// whatever the number of threads.
func parallelElements(n, grain int, fn func(lo, hi int)) {
	parallel((n+lanes-1)/lanes, grain/lanes, func(lo, hi int) { fn(lo*lanes, min(hi*lanes, n)) })
}

// Elements of memory-bound work that repay a second goroutine.
const elementGrain = 16384

// rowGrain returns the rows of the given length that repay a second goroutine.
func rowGrain(length int) int { return max(1, elementGrain/max(length, 1)) }
