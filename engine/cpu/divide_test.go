package cpu

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mien/asm"
	"mien/asm/gemm"
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
		if d.bands > 0 {
			coversOnce(t, k, g, d)
			return
		}
		n := g.N
		if d.byRows {
			n = g.M
		}
		next, largest := 0, 0
		for i := range d.chunks {
			lo, hi := d.chunk(n, i)
			if lo >= hi {
				continue
			}
			require.Equal(t, next, lo)
			if g.Packed != nil && !d.byRows {
				require.Zero(t, lo%k.NR)
			}
			next, largest = hi, max(largest, hi-lo)
		}
		require.Equal(t, n, next)
		require.LessOrEqual(t, largest, n/d.chunks+2*d.grain)
	})
}

// coversOnce checks the grid of a division by columns and rows.
func coversOnce(t *rapid.T, k *asm.Kernels[float32], g gemm.Product[float32], d division) {
	require.False(t, d.byRows)
	covered := make([]int, g.M*g.N)
	for i := range d.chunks * d.bands {
		top, bottom, left, right := d.place(g.M, g.N, k.MR, i)
		require.Zero(t, left%k.NR)
		for r := top; r < bottom; r++ {
			for c := left; c < right; c++ {
				covered[r*g.N+c]++
			}
		}
	}
	for _, n := range covered {
		require.Equal(t, 1, n)
	}
}

func TestDivideWastesLittle(t *testing.T) {
	k := asm.F32()
	wide, tall := gemm.Product[float32]{M: 100, N: 3072}, gemm.Product[float32]{M: 800, N: 7}
	require.False(t, divide(k, wide, 2).byRows, "each thread packs its own part of B")
	wide.Packed = new(gemm.Panels[float32])
	require.False(t, divide(k, wide, 2).byRows, "each thread reads its own part of a weight")
	require.True(t, divide(k, tall, 2).byRows, "one vector of columns cannot be divided")
	grad := gemm.Product[float32]{M: 3072, N: 768, TransA: true}
	require.True(t, divide(k, grad, 2).byRows, "a transposed A is copied in parts")
	require.Equal(t, 2, divide(k, grad, 2).chunks, "and B no more often than there are threads")
	long := gemm.Product[float32]{M: 800, N: 12 * k.NR, K: 768, Packed: new(gemm.Panels[float32])}
	require.False(t, divide(k, long, 2).byRows, "each thread reads its own part of a weight once")
	long.N = k.NR + 1
	require.True(t, divide(k, long, 2).byRows, "two panels are too few for two threads")
	wide.M, wide.N = 33*k.MR, 48*k.NR
	many := divide(k, wide, 64)
	require.Greater(t, many.bands, 1, "neither a few columns nor a few rows for each of many threads")
	require.GreaterOrEqual(t, many.chunks*many.bands, 64)
	banded := 0
	for parts := 4; parts <= 64; parts++ {
		d := divide(k, gemm.Product[float32]{M: 800, N: 12 * k.NR, K: 768, LDC: 12 * k.NR}, parts)
		if d.bands > 0 {
			banded++
			rounds := ceilDiv(d.chunks*d.bands, parts)
			require.Equal(t, 1, rounds, "%d threads, %d chunks of columns in %d bands: one more would cost a thread twice the time", parts, d.chunks, d.bands)
		}
	}
	require.Greater(t, banded, 10, "many numbers of threads cut columns again")
}

func TestInChunksRunsEachOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(5))
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
