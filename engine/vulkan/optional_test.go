//go:build vulkan

package vulkan

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// TestMissingOperands has large products without an operand of their extents: its address is that of the result.
func TestMissingOperands(t *testing.T) {
	b := open(t, Config{})
	f := func(shape ...int) *engine.Tensor { return engine.Filled(b, engine.Float32, 1, shape...) }
	pushed := func(i int) uint64 { return binary.LittleEndian.Uint64(b.call.push[8*i:]) }
	x, w, y, pre, residual := f(8, 4), f(12, 4), f(8, 12), f(8, 12), f(8, 12)
	a := engine.GemmArgs{C: y, A: x, B: w, M: 8, N: 12, K: 4, TransB: true, LDA: 4, LDB: 4, LDC: 12, Batch: 1}
	b.Gemm(a)
	require.Equal(t, []uint64{addressOf(y), addressOf(y), addressOf(y)}, []uint64{pushed(2), pushed(4), pushed(5)})
	require.Equal(t, []span{spanOf(y)}, b.call.writes)
	require.Equal(t, []span{spanOf(x), spanOf(w)}, b.call.reads, "what is missing is not accessed")
	a.Pre, a.Residual = pre, residual
	b.Gemm(a)
	require.Equal(t, []uint64{addressOf(y), addressOf(pre), addressOf(residual)}, []uint64{pushed(2), pushed(4), pushed(5)})
	require.Equal(t, []span{spanOf(y), spanOf(pre)}, b.call.writes)
	require.Equal(t, []span{spanOf(x), spanOf(w), spanOf(residual)}, b.call.reads)
	offsets := engine.FromSlice(b, engine.Int32, []int32{0, 8}, 2)
	for mode, result := range map[engine.GroupedMode]*engine.Tensor{
		engine.GroupedForward: y, engine.GroupedInputGrad: x, engine.GroupedWeightGrad: w,
	} {
		a := engine.GroupedArgs{Mode: mode, X: x, Y: y, W: []*engine.Tensor{w}, Offsets: offsets}
		b.groupedTiles(&a, a.W, b.layers(a.W, nil))
		require.Equal(t, addressOf(result), pushed(2), "mode %v", mode)
	}
	require.NoError(t, b.Sync())
}
