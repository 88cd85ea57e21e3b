package cpu_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/engine"
	"mien/engine/cpu"
)

// TestLowPrecision compares products with rounded weights with full precision, on every implementation, with few rows and many,
// and requires the same bits on one thread and on more.
func TestLowPrecision(t *testing.T) {
	const in, out = 200, 150
	b := cpu.New()
	random := normals(b)
	w, bias := random(out, in), random(out)
	for _, k := range asm.Implementations() {
		restore, err := asm.Use(k.Name)
		require.NoError(t, err)
		for p, tolerance := range map[engine.Precision]float64{engine.Full: 1e-6, engine.BF16: 5e-3, engine.Int8: 2.5e-2} {
			packed := b.PackWeight(w, p)
			for _, rows := range []int{1, 17, 300, 1200} {
				x, residual := random(rows, in), random(rows, out)
				product := engine.GemmArgs{A: x, B: w, TransB: true, LDB: in, Bias: bias, Residual: residual, GELU: true,
					M: rows, N: out, K: in, LDA: in, LDC: out, Batch: 1}
				want := multiply(t, b, product)
				product.B, product.TransB, product.Packed = nil, false, packed
				got := onThreads(t, 1, func() []float32 { return multiply(t, b, product) })
				require.Less(t, rmsDifference(got, want), tolerance, "%s %s, %d rows", k.Name, p, rows)
				for _, threads := range []int{2, 3, 64} {
					require.Equal(t, got, onThreads(t, threads, func() []float32 { return multiply(t, b, product) }), "%d threads", threads)
				}
				require.Equal(t, p == engine.Full, rmsDifference(got, want) == 0, "low precision rounds")
			}
			packed.Free()
		}
		restore()
	}
	product := engine.GemmArgs{C: random(1, out), A: random(1, in), Packed: b.PackWeight(w, engine.BF16), M: 1, N: out, K: in,
		LDA: in, LDC: out, Batch: 1, Accumulate: true}
	require.Panics(t, func() { b.Gemm(product) })
	product.Accumulate, product.Residual = false, product.C
	require.Panics(t, func() { b.Gemm(product) }, "a residual that is C is accumulation")
}

// TestLowExperts requires of a grouped product the bits of a product for each group, on one thread and on more.
func TestLowExperts(t *testing.T) {
	const in, out = 200, 150
	b := cpu.New()
	random := normals(b)
	offsets := []int32{0, 1, 1, 18, 318} // the second expert has no rows
	experts, rows := len(offsets)-1, int(offsets[len(offsets)-1])
	var weights, inputs, biases []*engine.Tensor
	var x []float32
	for e := range experts {
		weights, biases = append(weights, random(out, in)), append(biases, random(out))
		inputs = append(inputs, random(int(offsets[e+1]-offsets[e]), in))
		x = append(x, read(t, inputs[e])...)
	}
	grouped := engine.GroupedArgs{X: engine.FromSlice(b, engine.Float32, x, rows, in), Y: random(rows, out), B: biases,
		Offsets: engine.FromSlice(b, engine.Int32, offsets, experts+1), GELU: true}
	for _, k := range asm.Implementations() {
		restore, err := asm.Use(k.Name)
		require.NoError(t, err)
		for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
			grouped.Packed = nil
			var want []float32
			for e, w := range weights {
				packed := b.PackWeight(w, p)
				grouped.Packed = append(grouped.Packed, packed)
				want = append(want, multiply(t, b, engine.GemmArgs{A: inputs[e], Packed: packed, Bias: biases[e], GELU: true,
					M: inputs[e].Dim(0), N: out, K: in, LDA: in, LDC: out, Batch: 1})...)
			}
			for _, threads := range []int{1, 3, 64} {
				got := onThreads(t, threads, func() []float32 { b.GroupedGemm(grouped); return read(t, grouped.Y) })
				require.Equal(t, want, got, "%s %s, %d threads", k.Name, p, threads)
			}
		}
		restore()
	}
	grouped.Pre = random(rows, out)
	require.PanicsWithError(t, "GroupedGemm: got int8, want the forward product of float32 without Pre at low precision",
		func() { b.GroupedGemm(grouped) })
}

// normals returns a function that draws tensors.
func normals(b *cpu.Backend) func(shape ...int) *engine.Tensor {
	rng := rand.New(rand.NewPCG(3, 4))
	return func(shape ...int) *engine.Tensor {
		values := make([]float32, engine.Elements(shape))
		for i := range values {
			values[i] = float32(rng.NormFloat64())
		}
		return engine.FromSlice(b, engine.Float32, values, shape...)
	}
}

func multiply(t *testing.T, b *cpu.Backend, a engine.GemmArgs) []float32 {
	a.C = engine.New(b, engine.Float32, a.M, a.N)
	defer a.C.Free()
	b.Gemm(a)
	return read(t, a.C)
}

func read(t *testing.T, x *engine.Tensor) []float32 {
	values, err := engine.Read[float32](x)
	require.NoError(t, err)
	return values
}

// rmsDifference is relative to the root mean square of want.
func rmsDifference(got, want []float32) float64 {
	var difference, size float64
	for i := range want {
		d := float64(got[i]) - float64(want[i])
		difference += d * d
		size += float64(want[i]) * float64(want[i])
	}
	return math.Sqrt(difference / size)
}

func onThreads(t *testing.T, n int, fn func() []float32) []float32 {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	return fn()
}
