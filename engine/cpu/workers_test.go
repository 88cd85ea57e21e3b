package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Jobs of several callers at once, and jobs within parts of jobs, all come to an end, with each part done once.
func TestWorkersServeManyCallers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const callers, rounds, outer, inner = 4, 50, 5, 3
	for _, threads := range []int{1, 2, 3} {
		runtime.GOMAXPROCS(threads)
		var done [callers][outer][inner]atomic.Int64
		var all sync.WaitGroup
		for c := range callers {
			all.Go(func() {
				for range rounds {
					do(outer, func(p int) {
						do(inner, func(q int) { done[c][p][q].Add(1) })
					})
				}
			})
		}
		all.Wait()
		for c := range callers {
			for p := range outer {
				for q := range inner {
					require.EqualValues(t, rounds, done[c][p][q].Load())
				}
			}
		}
	}
}

// All parts have finished when do returns, also those of a worker that had to wake up first.
func TestSlowWorkersAreWaitedFor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for range 5 {
		time.Sleep(2 * spinTime)
		var finished atomic.Int64
		do(2, func(p int) {
			time.Sleep(3 * spinTime)
			finished.Add(1)
		})
		require.EqualValues(t, 2, finished.Load())
	}
}
