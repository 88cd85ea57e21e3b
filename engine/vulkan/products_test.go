//go:build vulkan

package vulkan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

// The conformance suite's products are so small that most take one size of tiles. These tests give them all sizes.

// onEachSize runs a test with one size of tiles after the other.
func onEachSize(t *testing.T, test func(t *testing.T, b *Backend)) {
	all := sizes
	defer func() { sizes = all }()
	for _, s := range all {
		sizes = []tileSize{s}
		t.Run(fmt.Sprint(s.size), func(t *testing.T) { test(t, openBackend(t)) })
	}
}

func openBackend(t *testing.T) *Backend {
	b, err := New(Config{Slab: 1 << 20})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// normals returns numbers that are the same in every call.
func normals(seed uint64, n int) []float64 {
	rng, v := rand.New(rand.NewPCG(seed, 0)), make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// productShape is a product, with rows in memory that are gap elements longer than needed.
type productShape struct{ batch, m, n, k, gap int }

var productShapes = []productShape{
	{1, 131, 260, 70, 0}, {1, 128, 128, 64, 0}, {2, 129, 67, 33, 1}, {1, 68, 132, 2100, 4}, {3, 5, 130, 40, 0}, {1, 66, 70, 34, 2},
}

// gemmOn computes a product of random matrices on a backend; flags choose its kind.
func gemmOn(t *testing.T, b engine.Backend, s productShape, flags int) []float64 {
	transA, transB, full := flags&1 > 0, flags&2 > 0, flags&4 > 0
	dtypes := [2]engine.DType{engine.Float32, engine.Float32}
	for i := range dtypes {
		if flags>>3>>i&1 > 0 {
			dtypes[i] = engine.BFloat16
		}
	}
	stored := func(rows, cols int, transposed bool) (int, int) {
		if transposed {
			return cols, rows
		}
		return rows, cols
	}
	matrix := func(seed uint64, dtype engine.DType, rows, cols int) *engine.Tensor {
		v := normals(seed, s.batch*rows*(cols+s.gap))
		for i := range v {
			if i%(cols+s.gap) >= cols {
				v[i] = math.NaN() // it must be neither used nor overwritten
			}
		}
		return engine.FromSlice(b, dtype, v, len(v))
	}
	rowsA, colsA := stored(s.m, s.k, transA)
	rowsB, colsB := stored(s.k, s.n, transB)
	args := engine.GemmArgs{A: matrix(1, dtypes[0], rowsA, colsA), B: matrix(2, dtypes[1], rowsB, colsB),
		C: matrix(3, engine.Float32, s.m, s.n), M: s.m, N: s.n, K: s.k, TransA: transA, TransB: transB, LDA: colsA + s.gap, LDB: colsB + s.gap, LDC: s.n + s.gap,
		Batch: s.batch, AStride: rowsA * (colsA + s.gap), BStride: rowsB * (colsB + s.gap), CStride: s.m * (s.n + s.gap)}
	if flags&32 > 0 {
		args.Precision = engine.BF16
	}
	results := []*engine.Tensor{args.C}
	if full {
		args.Accumulate, args.GELU, args.Bias = true, true, engine.FromSlice(b, engine.Float32, normals(4, s.n), s.n)
		args.Pre, args.Residual = matrix(5, engine.Float32, s.m, s.n), matrix(6, engine.Float32, s.m, s.n)
		results = append(results, args.Pre)
	}
	b.Gemm(args)
	return readAll(t, results)
}

func TestGemmInTilesOfAnySize(t *testing.T) {
	reference := cpu.New()
	onEachSize(t, func(t *testing.T, b *Backend) {
		for i, s := range productShapes {
			for flags := i; flags < 64; flags += 5 {
				requireNear(t, gemmOn(t, reference, s, flags), gemmOn(t, b, s, flags), 2e-6*float64(s.k)+1e-5, "%+v, flags %b", s, flags)
			}
		}
	})
}

// readAll returns the elements of tensors, one after the other.
func readAll(t *testing.T, tensors []*engine.Tensor) (all []float64) {
	t.Helper()
	for _, x := range tensors {
		v, err := engine.Read[float64](x)
		require.NoError(t, err)
		all = append(all, v...)
	}
	return all
}

func requireNear(t *testing.T, want, got []float64, bound float64, format string, args ...any) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if math.IsNaN(want[i]) != math.IsNaN(got[i]) || math.Abs(want[i]-got[i]) > bound*max(1, math.Abs(want[i])) {
			require.Failf(t, "different", "%s: element %d is %v, want %v", fmt.Sprintf(format, args...), i, got[i], want[i])
		}
	}
}

// groupedOn computes a grouped product of random matrices.
func groupedOn(t *testing.T, b engine.Backend, mode engine.GroupedMode, offsets []int32, n, k int) []float64 {
	rows := int(offsets[len(offsets)-1])
	tensor := func(seed uint64, shape ...int) *engine.Tensor {
		return engine.FromSlice(b, engine.Float32, normals(seed, engine.Elements(shape)), shape...)
	}
	args := engine.GroupedArgs{Mode: mode, X: tensor(1, rows, k), Y: tensor(2, rows, n),
		Offsets: engine.FromSlice(b, engine.Int32, offsets, len(offsets))}
	for e := range len(offsets) - 1 {
		args.W, args.B = append(args.W, tensor(uint64(3+e), n, k)), append(args.B, tensor(uint64(4+e), n))
	}
	b.GroupedGemm(args)
	results := map[engine.GroupedMode][]*engine.Tensor{engine.GroupedForward: {args.Y}, engine.GroupedInputGrad: {args.X},
		engine.GroupedWeightGrad: append(args.W, args.B...)}[mode]
	return readAll(t, results)
}

func TestGroupedGemmInTilesOfAnySize(t *testing.T) {
	reference := cpu.New()
	onEachSize(t, func(t *testing.T, b *Backend) {
		for mode := range engine.GroupedWeightGrad + 1 {
			for _, offsets := range [][]int32{{0, 129, 129, 130, 390}, {0, 0, 300}} {
				for _, size := range [][2]int{{132, 68}, {131, 67}} {
					requireNear(t, groupedOn(t, reference, mode, offsets, size[0], size[1]), groupedOn(t, b, mode, offsets, size[0], size[1]), 3e-4,
						"mode %v, offsets %v, %v", mode, offsets, size)
				}
			}
		}
	})
}

// TestFewWorkgroups lets each workgroup compute several tiles, as where there are more tiles than a device takes workgroups.
func TestFewWorkgroups(t *testing.T) {
	many, few := openBackend(t), openBackend(t)
	few.device.Groups = 3
	for _, s := range productShapes {
		requireNear(t, gemmOn(t, many, s, 4), gemmOn(t, few, s, 4), 0, "%+v", s)
	}
	for mode := range engine.GroupedWeightGrad + 1 {
		require.Equal(t, groupedOn(t, many, mode, []int32{0, 40, 140}, 70, 66), groupedOn(t, few, mode, []int32{0, 40, 140}, 70, 66))
	}
}

func TestTilingFor(t *testing.T) {
	for _, s := range []productShape{{1, 1, 1, 0, 0}, {1, 1, 1, 1, 0}, {1, 7, 9, 3001, 0}, {1, 768, 768, 1600, 0}, {1, 768, 768, 50_000, 0},
		{12, 197, 197, 64, 0}, {1, 4096, 4096, 4096, 0}, {1, 12544, 3072, 768, 0}, {1000, 3, 3, 90_000, 0}} {
		c := tilingFor(sizes, s.batch, s.m, s.n, s.k, mostParts)
		require.GreaterOrEqual(t, c.parts*c.depth, s.k, "%+v: %+v leaves steps out", s, c)
		require.True(t, c.parts == 1 || (c.parts-1)*c.depth < s.k, "%+v: %+v has an empty part", s, c)
		require.Zero(t, c.depth%slice, "%+v: %+v cuts a slice", s, c)
		require.True(t, c.parts == 1 || c.parts*s.batch*s.m*s.n <= mostPartial, "%+v: %+v needs too much memory", s, c)
	}
	require.Equal(t, 1, tilingFor(sizes, 1, 4096, 4096, 4096, mostParts).parts)
	require.Equal(t, 128, tilingFor(sizes, 1, 4096, 4096, 4096, mostParts).size)
	require.Greater(t, tilingFor(sizes, 1, 768, 768, 50_000, mostParts).parts, 1)
	require.Equal(t, 32, tilingFor(sizes, 1, 32, 32, 32, mostParts).size)
}
