package cpu

import (
	"bytes"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mien/engine"
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

// TestPoolProperties allocates and frees at random, small buffers and large ones: no two share memory, and the figures add up.
func TestPoolProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pool
		live, peak := []*block{}, 0
		for step := range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(live) > 0 && rapid.Bool().Draw(t, "free") {
				i := rapid.IntRange(0, len(live)-1).Draw(t, "which")
				p.put(live[i])
				live = append(live[:i], live[i+1:]...)
			} else {
				n := rapid.OneOf(rapid.IntRange(0, 700), rapid.IntRange(largeBuffer-3, 3*largeBuffer)).Draw(t, "n")
				b, err := p.get(n)
				require.NoError(t, err)
				require.Len(t, b.bytes, n)
				require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(b.bytes)))%alignment)
				for i := range b.bytes {
					b.bytes[i] = byte(step)
				}
				live = append(live, b)
			}
			taken := 0
			for _, b := range live {
				taken += cap(b.bytes)
				if len(b.bytes) > 0 {
					require.Equal(t, len(b.bytes), bytes.Count(b.bytes, b.bytes[:1]), "two live buffers share memory")
				}
			}
			peak = max(peak, taken)
			require.Equal(t, taken, p.stats.LiveBytes)
			require.Equal(t, peak, p.stats.PeakBytes)
			waiting := p.slabs.Size()
			for _, b := range live {
				waiting -= b.from.Size
			}
			for _, list := range p.free {
				for _, b := range list {
					waiting += cap(b.bytes)
				}
			}
			require.Equal(t, waiting, p.stats.PoolBytes)
		}
	})
}

// TestMemoryServesOtherSizes frees many buffers of one size and takes as many bytes in others: the slabs do not grow.
func TestMemoryServesOtherSizes(t *testing.T) {
	var p pool
	take := func(n, bytes int) (all []*block) {
		for range n {
			b, err := p.get(bytes)
			require.NoError(t, err)
			all = append(all, b)
		}
		return all
	}
	first := take(30, 3<<20)
	size := p.slabs.Size()
	for _, b := range first {
		p.put(b)
	}
	take(8, 11<<20)
	require.Equal(t, size, p.slabs.Size())
}

// TestDroppedTensors drops large tensors without freeing them: their memory serves others when the garbage collector has noticed.
func TestDroppedTensors(t *testing.T) {
	b := New()
	kept := engine.Filled(b, engine.Float32, 7, 100_000)
	live := b.Stats().LiveBytes
	for range 10 {
		engine.Filled(b, engine.Float32, 1, 100_000)
		engine.Filled(b, engine.Float32, 2, 100_000).Free()
	}
	require.Eventually(t, func() bool {
		runtime.GC()
		engine.New(b, engine.Float32, 100_000).Free()
		return b.Stats().LiveBytes == live
	}, 10*time.Second, time.Millisecond)
	for range 20 {
		engine.Filled(b, engine.Float32, 3, 100_000)
	}
	values, err := engine.Read[float32](kept)
	require.NoError(t, err)
	require.Equal(t, slices.Repeat([]float32{7}, 100_000), values)
}
