package cpu

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Four goroutines take 20,000 shares, two from each end: of one long range, where they meet once, and of ranges of few shares, where they
// are after the last one all the time. Nobody may get one twice, and none may be left.
func TestSharesAreTakenOnceFromBothEnds(t *testing.T) {
	const total = 20_000
	for _, length := range []int{1, 2, 5, 100, total} {
		ranges, taken := make([]shareRange, total/length), make([]atomic.Int32, total)
		for r := range ranges {
			ranges[r].set(r*length, (r+1)*length)
		}
		var start, all sync.WaitGroup
		start.Add(1)
		for g := range 4 {
			all.Go(func() {
				start.Wait()
				for r := range ranges {
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
		start.Done()
		all.Wait()
		for i := range taken {
			if n := taken[i].Load(); n != 1 {
				t.Fatalf("share %d of ranges of %d was taken %d times", i, length, n)
			}
		}
	}
}

// A range gives its shares in order from the front and backwards from the end, and then none.
func TestSharesKeepTheirOrder(t *testing.T) {
	var r shareRange
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
