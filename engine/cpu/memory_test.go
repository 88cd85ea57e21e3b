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
		size := classSize(sizeClass(n))
		require.GreaterOrEqual(t, size, n)
		require.LessOrEqual(t, size, n+n/4+64)
		require.Zero(t, size%16, "views of sixteen bytes stay aligned")
		require.LessOrEqual(t, sizeClass(n), sizeClass(more))
		require.Equal(t, sizeClass(n), sizeClass(size), "a class holds its own size")
		if n > 0 {
			require.Less(t, classSize(sizeClass(n))-classSize(max(0, sizeClass(n)-1)), size/2+1)
		}
	})
}

func TestSizeClassesGrow(t *testing.T) {
	for class := range 4 * 40 {
		require.Less(t, classSize(class), classSize(class+1))
		require.Equal(t, class, sizeClass(classSize(class)))
		require.Equal(t, class+1, sizeClass(classSize(class)+1))
	}
	require.Equal(t, 64, classSize(sizeClass(0)))
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
