package cpu

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSizeClassProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 1000), rapid.IntRange(0, 1<<40)).Draw(t, "n")
		more := n + rapid.IntRange(0, 1<<20).Draw(t, "more")
		size := sizeClass(n)
		require.GreaterOrEqual(t, size, n)
		require.LessOrEqual(t, size, n+n/4+64)
		require.Zero(t, size%16, "views of sixteen bytes stay aligned")
		require.LessOrEqual(t, size, sizeClass(more))
		require.Equal(t, size, sizeClass(size), "a class holds its own size")
	})
}

// Four classes double the size, in equal steps.
func TestSizeClassesGrow(t *testing.T) {
	require.Equal(t, 64, sizeClass(0))
	for size := 64; size < 1<<46; size *= 2 {
		for quarter := range 4 {
			at := size + quarter*size/4
			require.Equal(t, at, sizeClass(at))
			require.Equal(t, at+size/4, sizeClass(at+1))
		}
	}
}

func TestPoolProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pool
		live, peak := []*block{}, 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(live) > 0 && rapid.Bool().Draw(t, "free") {
				i := rapid.IntRange(0, len(live)-1).Draw(t, "which")
				p.put(live[i])
				live = append(live[:i], live[i+1:]...)
			} else {
				n := rapid.IntRange(0, 700).Draw(t, "n")
				b, err := p.get(n)
				require.NoError(t, err)
				require.Len(t, b.bytes, n)
				require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(b.bytes)))%alignment)
				live = append(live, b)
			}
			bytes, starts := 0, map[*byte]bool{}
			for _, b := range live {
				bytes += cap(b.bytes)
				starts[unsafe.SliceData(b.bytes)] = true
			}
			peak = max(peak, bytes)
			require.Len(t, starts, len(live), "two live buffers share memory")
			require.Equal(t, bytes, p.stats.LiveBytes)
			require.Equal(t, peak, p.stats.PeakBytes)
			waiting := 0
			for _, list := range p.free {
				for _, b := range list {
					waiting += cap(b.bytes)
				}
			}
			require.Equal(t, waiting, p.stats.PoolBytes)
		}
	})
}
