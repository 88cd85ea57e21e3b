package cpu

import "runtime"

// threadsFor returns the number of threads among which to divide n items, so that each has at least grain.
func threadsFor(n, grain int) int { return max(1, min(runtime.GOMAXPROCS(0), n/max(grain, 1))) }

// parallel calls fn on consecutive ranges that cover [0, n), at most as many as there are threads, and each at least grain long. Ranges
// only divide the output: no result may depend on where they are cut.
func parallel(n, grain int, fn func(lo, hi int)) {
	switch parts := threadsFor(n, grain); {
	case n == 0:
	case parts == 1:
		fn(0, n)
	default:
		do(parts, func(p int) { fn(n*p/parts, n*(p+1)/parts) })
	}
}

// parallelRows calls fn for each 0 ≤ r < n, in ranges as parallel does.
func parallelRows(n, grain int, fn func(r int)) {
	parallel(n, grain, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			fn(r)
		}
	})
}

// lanes is a multiple of what any elementwise kernel computes in one turn of its loop.
const lanes = 64

// parallelElements is parallel for elementwise kernels. A kernel may round its last few elements differently from those in
// vectors, with and without fused multiply-add; so cuts are at multiples of lanes, and the same elements come last
// whatever the number of threads.
func parallelElements(n, grain int, fn func(lo, hi int)) {
	parallel(ceilDiv(n, lanes), grain/lanes, func(lo, hi int) { fn(lo*lanes, min(hi*lanes, n)) })
}

// Elements of memory-bound work that repay a second goroutine.
const elementGrain = 16384

// rowGrain returns the rows of the given length that repay a second goroutine.
func rowGrain(length int) int { return max(1, elementGrain/max(length, 1)) }
