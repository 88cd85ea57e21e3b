package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Four goroutines, two from each end, empty 20,000 ranges of few chunks, where they compete for the last one all the time, and fifty
// ranges of 20,000 chunks, where they run concurrently. No chunk may be taken twice, and none may be left.
func TestSharesAreTakenOnceFromBothEnds(t *testing.T) {
	const many = 20_000
	for _, size := range []struct{ ranges, length int }{{many, 1}, {many, 3}, {50, many}} {
		ranges, taken := make([]chunkRange, size.ranges), make([]atomic.Int32, size.ranges*size.length)
		for r := range ranges {
			ranges[r].set(r*size.length, (r+1)*size.length)
		}
		var arrived atomic.Int64
		var all sync.WaitGroup
		for g := range 4 {
			all.Go(func() {
				for r := range ranges {
					for arrived.Add(1); arrived.Load() < int64(4*(r+1)); { // all begin each range together
						runtime.Gosched()
					}
					take := ranges[r].first
					if g%2 == 1 {
						take = ranges[r].last
					}
					for i, ok := take(); ok; i, ok = take() {
						taken[i].Add(1)
					}
				}
			})
		}
		all.Wait()
		for i := range taken {
			if n := taken[i].Load(); n != 1 {
				t.Fatalf("chunk %d of ranges of %d was taken %d times", i, size.length, n)
			}
		}
	}
}

// A range gives its chunks in order from the front and backwards from the end, and then none.
func TestSharesKeepTheirOrder(t *testing.T) {
	var r chunkRange
	r.set(3, 7)
	for _, want := range []int{3, 4} {
		i, ok := r.first()
		require.True(t, ok)
		require.Equal(t, want, i)
	}
	for _, want := range []int{6, 5} {
		i, ok := r.last()
		require.True(t, ok)
		require.Equal(t, want, i)
	}
	_, ok := r.first()
	require.False(t, ok)
	_, ok = r.last()
	require.False(t, ok)
}
