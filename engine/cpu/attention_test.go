package cpu_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	features "golang.org/x/sys/cpu"

	"mien/asm"
	"mien/engine"
	"mien/engine/cpu"
)

// TestAttentionBF16 requests bfloat16 on every implementation: with instructions for it results are close to those of float32 but not
// equal, and have the same bits on one thread and on three; without them they are those of float32. So it is at int8, which without its own
// instructions is bfloat16.
func TestAttentionBF16(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const batch, tokens, heads, d = 2, 267, 3, 64
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, batch*tokens*3*heads*d)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	attend := func(p engine.Precision, threads int) []float64 {
		runtime.GOMAXPROCS(threads)
		c := cpu.New()
		a := engine.AttentionArgs{QKV: engine.FromSlice(c, engine.Float32, values, batch, tokens, 3, heads, d),
			Out: engine.New(c, engine.Float32, batch, tokens, heads, d), LSE: engine.New(c, engine.Float32, batch, heads, tokens),
			Batch: batch, Tokens: tokens, Heads: heads, HeadDim: d, Precision: p}
		c.Attention(a)
		out, err := engine.Read[float64](a.Out)
		require.NoError(t, err)
		return out
	}
	for _, k := range asm.Implementations() {
		use(t, k.Name)
		want, got := attend(engine.Full, 1), attend(engine.BF16, 1)
		squares, wantSquares := 0.0, 0.0
		for i, v := range want {
			squares, wantSquares = squares+(v-got[i])*(v-got[i]), wantSquares+v*v
		}
		err := math.Sqrt(squares / wantSquares)
		if k.Name == "avx512" && features.X86.HasAVX512BF16 {
			require.Less(t, err, 1e-2, k.Name)
			require.Greater(t, err, 1e-4, "%s: nothing was rounded", k.Name)
		} else {
			require.Zero(t, err, k.Name)
		}
		require.Equal(t, got, attend(engine.BF16, 3), k.Name)
		bytes := attend(engine.Int8, 1)
		if k.Name == "avx512" && features.X86.HasAVX512VNNI {
			require.NotEqual(t, got, bytes, "%s: int8 was not used", k.Name)
		} else {
			require.Equal(t, got, bytes, k.Name)
		}
		require.Equal(t, bytes, attend(engine.Int8, 3), k.Name)
	}
}

// Without tokens there is nothing to do.
func TestAttentionOfNoTokens(t *testing.T) {
	c := cpu.New()
	a := engine.AttentionArgs{Batch: 2, Tokens: 0, Heads: 3, HeadDim: 4,
		QKV: engine.New(c, engine.Float32, 2, 0, 36), Out: engine.New(c, engine.Float32, 2, 0, 12), LSE: engine.New(c, engine.Float32, 2, 3, 0)}
	c.Attention(a)
	c.AttentionBackward(a, engine.AttentionGrads{DOut: engine.New(c, engine.Float32, 2, 0, 12), DQKV: engine.New(c, engine.Float32, 2, 0, 36)})
}
