package cpu

import "runtime"

// threadsFor returns the number of threads to split n items among, so that each has at least grain.
func threadsFor(n, grain int) int { return max(1, min(runtime.GOMAXPROCS(0), n/max(grain, 1))) }

// parallel calls fn on consecutive ranges that cover [0, n), at most one for each thread, and each at least grain long. Work is
// split by output: no result may depend on where the ranges are cut.
func parallel(n, grain int, fn func(lo, hi int)) {
	switch parts := threadsFor(n, grain); {
	case n == 0:
	case parts == 1:
		fn(0, n)
	default:
		inChunks(parts, parts, func(p int) { fn(n*p/parts, n*(p+1)/parts) })
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

// lanes is a multiple of the elements that any elementwise kernel computes in one iteration.
const lanes = 64

// parallelElements is parallel for elementwise kernels. A kernel may round its last few elements differently from those in
// vectors, with and without fused multiply-add; so cuts are at multiples of lanes, and the same elements come last
// for any number of threads.
func parallelElements(n, grain int, fn func(lo, hi int)) {
	parallel(ceilDiv(n, lanes), grain/lanes, func(lo, hi int) { fn(lo*lanes, min(hi*lanes, n)) })
}

// elementGrain is how many elements of memory-bound work make a second goroutine worthwhile.
const elementGrain = 16384

// rowGrain returns how many rows of the given length make a second goroutine worthwhile.
func rowGrain(length int) int { return max(1, elementGrain/max(length, 1)) }
