package cpu

import (
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mien/engine"
)

func TestParallelCoversEveryIndexOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rapid.Check(t, func(t *rapid.T) {
		threads := rapid.IntRange(1, 9).Draw(t, "threads")
		n := rapid.IntRange(0, 500).Draw(t, "n")
		grain := rapid.IntRange(-1, 600).Draw(t, "grain")
		runtime.GOMAXPROCS(threads)
		var mu sync.Mutex
		ranges := [][2]int{}
		parallel(n, grain, func(lo, hi int) {
			mu.Lock()
			defer mu.Unlock()
			ranges = append(ranges, [2]int{lo, hi})
		})
		slices.SortFunc(ranges, func(a, b [2]int) int { return a[0] - b[0] })
		next := 0
		for _, r := range ranges {
			require.Equal(t, next, r[0])
			require.Greater(t, r[1], r[0])
			if len(ranges) > 1 {
				require.GreaterOrEqual(t, r[1]-r[0], grain)
			}
			next = r[1]
		}
		require.Equal(t, n, next)
		require.LessOrEqual(t, len(ranges), threads)
	})
}

func TestParallelElementsCutsBetweenVectors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rapid.Check(t, func(t *rapid.T) {
		runtime.GOMAXPROCS(rapid.IntRange(1, 9).Draw(t, "threads"))
		n := rapid.IntRange(0, 2000).Draw(t, "n")
		covered := make([]int32, n)
		parallelElements(n, rapid.IntRange(0, 300).Draw(t, "grain"), func(lo, hi int) {
			if lo%lanes != 0 || hi%lanes != 0 && hi != n {
				panic("a cut inside a vector")
			}
			for i := lo; i < hi; i++ {
				covered[i]++
			}
		})
		require.NotContains(t, covered, int32(0))
		require.NotContains(t, covered, int32(2))
	})
}

func TestRowGrain(t *testing.T) {
	require.Equal(t, elementGrain, rowGrain(0))
	require.Equal(t, 1, rowGrain(10*elementGrain))
	require.Equal(t, 4, rowGrain(elementGrain/4))
}

// TestBroadcastProperties compares the merged walk with one that computes each element's place from its coordinates.
func TestBroadcastProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 5).Draw(t, "shape")
		a, b := drawOperand(t, "a", shape), drawOperand(t, "b", shape)
		loop := newBroadcast(shape, a, b)
		n := 0
		loop.each(0, loop.outer, func(i int, at [2]int) {
			for j := range loop.inner {
				flat := i*loop.inner + j
				require.Equal(t, place(shape, a, flat), at[0]+j*loop.step[0], "a")
				require.Equal(t, place(shape, b, flat), at[1]+j*loop.step[1], "b")
				n++
			}
		})
		require.Equal(t, engine.Elements(shape), n)
	})
}

// drawOperand draws a shape that stretches to the given one.
func drawOperand(t *rapid.T, name string, shape []int) []int {
	operand := slices.Clone(shape[rapid.IntRange(0, len(shape)).Draw(t, name+" axes left out"):])
	for i := range operand {
		if rapid.Bool().Draw(t, name+" stretched") {
			operand[i] = 1
		}
	}
	return operand
}

// place returns where the element at flat of a tensor of the given shape is in an operand.
func place(shape, operand []int, flat int) int {
	at, stride := 0, 1
	for axis := len(shape) - 1; axis >= 0; axis-- {
		j := flat % shape[axis]
		flat /= shape[axis]
		d := 1
		if i := axis - (len(shape) - len(operand)); i >= 0 {
			d = operand[i]
		}
		if d != 1 {
			at += j * stride
		}
		stride *= d
	}
	return at
}
