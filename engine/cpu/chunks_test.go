package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Four goroutines, two from each end, empty 20,000 ranges of few chunks, where they compete for the last one all the time, and fifty
// ranges of 20,000 chunks, where they run concurrently. So do two goroutines, which spin before they yield: on two processors they begin
// a range within nanoseconds, where four would wait for each other. No chunk may be taken twice, and none may be left.
func TestSharesAreTakenOnceFromBothEnds(t *testing.T) {
	const many = 20_000
	first, last := (*chunkRange).first, (*chunkRange).last
	takers := func(t ...func(*chunkRange) (int, bool)) []func(*chunkRange) (int, bool) { return t }
	for _, c := range []struct {
		ranges, length, spins int
		takers                []func(*chunkRange) (int, bool)
	}{
		{many, 1, 1, takers(first, last, first, last)}, {many, 3, 1, takers(first, last, first, last)},
		{50, many, 1, takers(first, last, first, last)},
		{many, 3, 1000, takers(first, last)}, {many / 10, 2, 1000, takers(last, last)}, {many / 10, 2, 1000, takers(first, first)},
	} {
		ranges, taken := make([]chunkRange, c.ranges), make([]atomic.Int32, c.ranges*c.length)
		for r := range ranges {
			ranges[r].set(r*c.length, (r+1)*c.length)
		}
		var arrived atomic.Int64
		var all sync.WaitGroup
		for _, take := range c.takers {
			all.Go(func() {
				for r := range ranges {
					arrived.Add(1)
					for spin := 1; arrived.Load() < int64(len(c.takers)*(r+1)); spin++ { // all begin each range together
						if spin%c.spins == 0 {
							runtime.Gosched()
						}
					}
					for i, ok := take(&ranges[r]); ok; i, ok = take(&ranges[r]) {
						taken[i].Add(1)
					}
				}
			})
		}
		all.Wait()
		for i := range taken {
			if n := taken[i].Load(); n != 1 {
				t.Fatalf("chunk %d of ranges of %d was taken %d times", i, c.length, n)
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
