//go:build vulkan

package vulkan_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/vulkan"
)

// inputs draws the same numbers for each backend.
type inputs struct {
	engine.Backend
	dtype engine.DType
	rng   *rand.Rand
}

// normal returns a tensor of normal numbers that float32 holds.
func (in *inputs) normal(shape ...int) *engine.Tensor {
	v := make([]float32, engine.Elements(shape))
	for i := range v {
		v[i] = float32(in.rng.NormFloat64())
	}
	return engine.FromSlice(in.Backend, in.dtype, v, shape...)
}

func (in *inputs) zeros(shape ...int) *engine.Tensor {
	return engine.Zeros(in.Backend, in.dtype, shape...)
}

// agree requires that an op computes on the device what the CPU computes in float64, to 1e-5 of the largest result.
func agree(t *testing.T, op func(in *inputs) []*engine.Tensor) {
	t.Helper()
	device, err := vulkan.New(vulkan.Config{Slab: 1 << 20})
	require.NoError(t, err)
	defer func() { require.NoError(t, device.Close()) }()
	got := op(&inputs{device, engine.Float32, rand.New(rand.NewPCG(1, 2))})
	want := op(&inputs{cpu.New(), engine.Float64, rand.New(rand.NewPCG(1, 2))})
	for i := range want {
		g, err := engine.Read[float64](got[i])
		require.NoError(t, err)
		w, err := engine.Read[float64](want[i])
		require.NoError(t, err)
		require.Len(t, g, len(w))
		size, off := 0.0, 0.0
		for i, v := range w {
			size, off = max(size, math.Abs(v)), max(off, math.Abs(v-g[i]))
		}
		require.LessOrEqual(t, off, 1e-5*size, "result %d", i)
	}
}

// TestLongRows has rows that take a workgroup each, longer ones than those of the conformance suite.
func TestLongRows(t *testing.T) {
	for _, shape := range [][]int{{3, 1024}, {2, 1025}, {3, 5001}} {
		agree(t, func(in *inputs) []*engine.Tensor {
			x, dy, y, log := in.normal(shape...), in.normal(shape...), in.zeros(shape...), in.zeros(shape...)
			dx, dlog := in.zeros(shape...), in.zeros(shape...)
			in.Softmax(y, x)
			in.SoftmaxBackward(dx, y, dy)
			in.LogSoftmax(log, x)
			in.LogSoftmaxBackward(dlog, log, dy)
			return []*engine.Tensor{y, dx, log, dlog}
		})
		agree(t, func(in *inputs) []*engine.Tensor {
			n := shape[1]
			x, dy, gamma, beta := in.normal(shape...), in.normal(shape...), in.normal(n), in.normal(n)
			y, dx, mean, rstd, dgamma, dbeta := in.zeros(shape...), in.zeros(shape...), in.zeros(3), in.zeros(3), in.normal(n), in.normal(n)
			in.LayerNorm(y, mean.Range(0, shape[0]), rstd.Range(0, shape[0]), x, gamma, beta, 1e-6)
			in.LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean.Range(0, shape[0]), rstd.Range(0, shape[0]), false)
			return []*engine.Tensor{y, mean, rstd, dx, dgamma, dbeta}
		})
	}
}

// TestManyRowsOfLayerNorm has more blocks of rows than are summed at once, and rows that do not fill the last block.
func TestManyRowsOfLayerNorm(t *testing.T) {
	const rows, n = 64*1024 + 7, 3
	agree(t, func(in *inputs) []*engine.Tensor {
		x, dy, gamma, mean, rstd := in.normal(rows, n), in.normal(rows, n), in.normal(n), in.normal(rows), in.normal(rows)
		dx, dgamma, dbeta := in.zeros(rows, n), in.normal(n), in.normal(n)
		in.LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, mean, rstd, false)
		return []*engine.Tensor{dx, dgamma, dbeta}
	})
}

// TestManyRows has more rows than a device has workgroups along an axis, eight rows each.
func TestManyRows(t *testing.T) {
	const rows = 9 * 65_535
	agree(t, func(in *inputs) []*engine.Tensor {
		dx := in.zeros(rows, 1)
		in.SoftmaxBackward(dx, in.normal(rows, 1), in.normal(rows, 1))
		return []*engine.Tensor{dx}
	})
}

// TestLongSums has sums that are cut into blocks, some of them twice, of whole numbers, so that every sum is exact.
func TestLongSums(t *testing.T) {
	device, err := vulkan.New(vulkan.Config{})
	require.NoError(t, err)
	for _, shapes := range []struct{ src, dst []int }{
		{[]int{1<<20 + 5}, []int{}},
		{[]int{5<<20 + 5}, []int{1}},
		{[]int{70_001, 5}, []int{5}},
		{[]int{9_001, 32}, []int{32}},
		{[]int{2, 5_003, 17}, []int{2, 1, 17}},
		{[]int{3, 30_011}, []int{3, 1}},
		{[]int{601, 3, 2_003}, []int{3, 1}},
		{[]int{100_003, 3}, []int{100_003, 1}},
	} {
		v := make([]float64, engine.Elements(shapes.src))
		for i := range v {
			v[i] = float64(i*7919%31 - 13)
		}
		sums := func(b engine.Backend, dtype engine.DType) []float64 {
			dst := engine.Zeros(b, dtype, shapes.dst...)
			b.Fill(dst, 5)
			b.SumTo(dst, engine.FromSlice(b, dtype, v, shapes.src...), true)
			got, err := engine.Read[float64](dst)
			require.NoError(t, err)
			return got
		}
		require.Equal(t, sums(cpu.New(), engine.Float64), sums(device, engine.Float32), "sum of %v to %v", shapes.src, shapes.dst)
	}
	require.NoError(t, device.Close())
}
