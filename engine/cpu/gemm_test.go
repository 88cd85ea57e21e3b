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
