package cpu_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/engine"
	"mien/engine/cpu"
)

func TestGemmOntoItselfTakesNoOtherEpilogue(t *testing.T) {
	cpu := cpu.New()
	x := engine.Zeros(cpu, engine.Float32, 2, 2)
	args := engine.GemmArgs{C: x, A: x, B: x, M: 2, N: 2, K: 2, LDA: 2, LDB: 2, LDC: 2, Batch: 1, Residual: x, GELU: true}
	require.PanicsWithError(t, "Gemm residual: got C, want another tensor, beside Pre, GELU or Accumulate",
		func() { cpu.Gemm(args) })
}

// A residual may lie in the same memory as C, before or behind it.
func TestResidualBesideC(t *testing.T) {
	for _, precision := range []engine.Precision{engine.Full, engine.BF16} {
		for _, c := range [][2]int{{0, 2}, {2, 0}} {
			b := cpu.New()
			memory := engine.FromSlice(b, engine.Float32, []float32{1, 2, 3, 4, 10, 20, 30, 40}, 4, 2)
			unit := engine.FromSlice(b, engine.Float32, []float32{1, 0, 0, 1}, 2, 2)
			result, residual := memory.Range(c[0], c[0]+2), memory.Range(c[1], c[1]+2)
			want, err := engine.Read[float32](residual)
			require.NoError(t, err)
			b.Gemm(engine.GemmArgs{C: result, A: unit, B: unit, M: 2, N: 2, K: 2, LDA: 2, LDB: 2, LDC: 2, Batch: 1, Residual: residual,
				Precision: precision})
			got, err := engine.Read[float32](result)
			require.NoError(t, err)
			want[0], want[3] = want[0]+1, want[3]+1
			require.Equal(t, want, got, "C from row %d", c[0])
		}
	}
}

// A weight packed for one implementation must not be read by another, whose panels are of another width.
func TestPackedWeightOfOtherKernels(t *testing.T) {
	if len(asm.Implementations()) < 2 {
		t.Skip("one implementation only")
	}
	cpu := cpu.New()
	x := engine.Zeros(cpu, engine.Float32, 2, 2)
	packed := cpu.PackWeight(x, engine.Full)
	defer packed.Free()
	use(t, "generic")
	require.Panics(t, func() {
		cpu.Gemm(engine.GemmArgs{C: x, A: x, Packed: packed, M: 2, N: 2, K: 2, LDA: 2, LDC: 2, Batch: 1})
	})
}

// Many threads pack op(B) together. The bits are those of one thread, for every way in which A and B are stored.
func TestManyThreadsHaveTheBitsOfOne(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const m, n, k = 150, 203, 301
	b := cpu.New()
	fill := func(rows, columns int) *engine.Tensor {
		values := make([]float32, rows*columns)
		for i := range values {
			values[i] = float32(i%13) / 7
		}
		return engine.FromSlice(b, engine.Float32, values, rows, columns)
	}
	for form := range 4 {
		a := engine.GemmArgs{A: fill(m, k), LDA: k, B: fill(k, n), LDB: n, M: m, N: n, K: k, LDC: n, Batch: 1, Bias: fill(1, n).View(n)}
		if form&1 > 0 {
			a.TransA, a.LDA = true, m
		}
		if form&2 > 0 {
			a.TransB, a.LDB = true, k
		}
		var want []float32
		for _, threads := range []int{1, 2, 16, 17, 64} {
			runtime.GOMAXPROCS(threads)
			a.C = engine.Zeros(b, engine.Float32, m, n)
			b.Gemm(a)
			got, err := engine.Read[float32](a.C)
			require.NoError(t, err)
			if want == nil {
				want = got
			}
			require.Equal(t, want, got, "%d threads, form %d", threads, form)
		}
	}
}
