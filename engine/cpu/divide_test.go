package cpu

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mien/asm"
	"mien/asm/gemm"
	"mien/asm/quantized"
)

// Chunks cover C once, end at packed panels, and leave no thread with much more than its share.
func TestDivideProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(asm.Implementations()).Draw(t, "kernels")
		parts := rapid.IntRange(1, 70).Draw(t, "parts")
		g := gemm.Product[float32]{M: rapid.IntRange(0, 900).Draw(t, "m"), N: rapid.IntRange(0, 900).Draw(t, "n"),
			TransA: rapid.Bool().Draw(t, "transA"), TransB: rapid.Bool().Draw(t, "transB")}
		if rapid.Bool().Draw(t, "packed") {
			g.Packed = new(gemm.Panels[float32])
		}
		d := divide(k, g, parts)
		coversOnce(t, d.rows, g.M)
		coversOnce(t, d.columns, g.N)
		area, seen := 0, map[[4]int]bool{}
		for i := range d.chunks() {
			top, bottom, left, right := d.place(g.M, g.N, i)
			if top < bottom && left < right {
				require.False(t, seen[[4]int{top, bottom, left, right}])
				seen[[4]int{top, bottom, left, right}] = true
				area += (bottom - top) * (right - left)
				require.True(t, g.Packed == nil || left%k.NR == 0)
			}
		}
		require.Equal(t, g.M*g.N, area)
	})
}

// coversOnce checks the chunks of n rows or columns.
func coversOnce(t *rapid.T, c cut, n int) {
	next, longest := 0, 0
	for i := range c.chunks {
		if lo, hi := c.chunk(n, i); lo < hi {
			require.Equal(t, next, lo)
			next, longest = hi, max(longest, hi-lo)
		}
	}
	require.Equal(t, n, next)
	require.LessOrEqual(t, longest, c.longest(n))
	require.LessOrEqual(t, c.longest(n), n/c.chunks+2*c.grain)
}

func TestDivideWastesLittle(t *testing.T) {
	k := asm.F32()
	byRows := func(g gemm.Product[float32]) bool {
		d := divide(k, g, 2)
		return d.rows.chunks > 1 && d.columns == whole
	}
	byColumns := func(g gemm.Product[float32]) bool {
		d := divide(k, g, 2)
		return d.columns.chunks > 1 && d.rows == whole
	}
	wide, tall := gemm.Product[float32]{M: 100, N: 3072}, gemm.Product[float32]{M: 800, N: 7}
	require.True(t, byColumns(wide), "each thread packs its own part of B")
	wide.Packed = new(gemm.Panels[float32])
	require.True(t, byColumns(wide), "each thread reads its own part of a weight")
	require.True(t, byRows(tall), "one vector of columns cannot be divided")
	grad := gemm.Product[float32]{M: 3072, N: 768, TransA: true}
	require.True(t, byRows(grad), "a transposed A is copied in parts")
	require.Equal(t, 2, divide(k, grad, 2).chunks(), "and B no more often than there are threads")
	long := gemm.Product[float32]{M: 800, N: 12 * k.NR, K: 768, Packed: new(gemm.Panels[float32])}
	require.True(t, byColumns(long), "each thread reads its own part of a weight once")
	long.N = k.NR + 1
	require.True(t, byRows(long), "two panels are too few for two threads")
}

// Many threads get chunks of some rows and some columns, and nearly the same work.
func TestDivideAmongMany(t *testing.T) {
	k := asm.F32()
	twice := 0
	for parts := 4; parts <= 64; parts++ {
		for _, g := range []gemm.Product[float32]{
			{M: 800, N: 12 * k.NR, K: 768}, {M: 768, N: 12 * k.NR, K: 800, TransA: true},
			{M: 17 * k.MR, N: 12 * k.NR, K: 768, Packed: new(gemm.Panels[float32])},
		} {
			d := divide(k, g, parts)
			if d.rows.chunks > 1 && d.columns.chunks > 1 {
				twice++
			}
			most := ceilDiv(d.chunks(), parts) * d.rows.longest(g.M) * d.columns.longest(g.N)
			require.Less(t, 0.6*float64(parts*most), float64(g.M*g.N), "%d threads wait for the one with most: %+v", parts, d)
		}
	}
	require.Greater(t, twice, 100, "neither a few columns nor a few rows for each of many threads")
}

// Chunks at low precision cover C once, begin at panels, take no more of these than stay in L2, and give all threads nearly the same work.
func TestDivideQuantized(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n, parts := rapid.IntRange(0, 900).Draw(t, "m"), rapid.IntRange(0, 3100).Draw(t, "n"), rapid.IntRange(1, 70).Draw(t, "parts")
		most := rapid.IntRange(1, 20).Draw(t, "most")
		d := divideQuantized(m, n, 14, most, parts)
		coversOnce(t, d.rows, m)
		coversOnce(t, d.columns, n)
		require.Equal(t, cut{d.columns.chunks, quantized.NR}, d.columns)
		require.LessOrEqual(t, d.columns.longest(n), most*quantized.NR)
	})
	for parts := 2; parts <= 64; parts++ {
		for _, g := range [][2]int{{100, 768}, {100, 2304}, {100, 3072}, {800, 768}, {800, 2304}, {800, 3072}} {
			d := divideQuantized(g[0], g[1], 14, 8, parts)
			most := ceilDiv(d.chunks(), parts) * d.rows.longest(g[0]) * d.columns.longest(g[1])
			require.Less(t, 0.6*float64(parts*most), float64(g[0]*g[1]), "%v, %d threads: %+v", g, parts, d)
		}
	}
	require.Greater(t, divideQuantized(100, 768, 14, 8, 2).columns.longest(768), quantized.NR, "rows pass for more than a panel")
	require.Greater(t, divideQuantized(100, 768, 14, 8, 64).rows.chunks, 1, "there are fewer panels than threads")
}

// useProcessors has so many goroutines compute at once until a test ends, whatever the machine has.
func useProcessors(t *testing.T, n int) {
	before := processors
	processors = int64(n)
	t.Cleanup(func() { processors = before })
}

func TestInChunksRunsEachOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(5))
	useProcessors(t, 5)
	for parts := 1; parts <= 5; parts++ {
		for _, chunks := range []int{0, 1, parts, 4*parts + 3} {
			ran := make([]atomic.Int32, chunks)
			inChunks(parts, chunks, func(i int) { ran[i].Add(1) })
			for i := range ran {
				require.EqualValues(t, 1, ran[i].Load(), "chunk %d of %d on %d threads", i, chunks, parts)
			}
		}
	}
}
