package cpu_test

import (
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
