package engine

import (
	"runtime"
	"sync"
)

// parallel calls fn on consecutive ranges that cover [0, n), on as many goroutines as there are threads, each range
// at least grain long. Ranges only divide the output: no result may depend on where they are cut.
func parallel(n, grain int, fn func(lo, hi int)) {
	parts := min(runtime.GOMAXPROCS(0), n/max(grain, 1))
	if parts <= 1 {
		if n > 0 {
			fn(0, n)
		}
		return
	}
	var wg sync.WaitGroup
	for p := 1; p < parts; p++ {
		wg.Go(func() { fn(n*p/parts, n*(p+1)/parts) })
	}
	fn(0, n/parts)
	wg.Wait()
}

// Elements of memory-bound work that repay a second goroutine.
const elementGrain = 16384

// rowGrain returns the rows of the given length that repay a second goroutine.
func rowGrain(length int) int { return max(1, elementGrain/max(length, 1)) }
