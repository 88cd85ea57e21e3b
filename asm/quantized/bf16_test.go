package quantized

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestToBF16(t *testing.T) {
	for _, c := range []struct {
		x    float32
		want uint16
	}{
		{0, 0}, {float32(math.Copysign(0, -1)), 0x8000}, {1, 0x3F80}, {-2, 0xC000},
		{1 + 0x1p-8, 0x3F80}, {1 + 3*0x1p-8, 0x3F82}, // halfway: to even, down and up
		{1 + 0x1p-8 + 0x1p-20, 0x3F81}, {1 + 0x1p-8 - 0x1p-20, 0x3F80},
		{math.MaxFloat32, 0x7F80}, {float32(math.Inf(-1)), 0xFF80},
		{0x1p-126, 0x0080}, {0x1p-127, 0}, {-0x1p-127, 0x8000},
	} {
		require.Equal(t, c.want, ToBF16(c.x), "%g", c.x)
	}
	nan := math.Float32frombits(0xFF800001) // rounding up its bits would make it −0
	require.True(t, FromBF16(ToBF16(nan)) != FromBF16(ToBF16(nan)))
}

func TestBF16IsTheNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10000 {
		x := float32(rng.NormFloat64() * math.Exp2(float64(rng.IntN(100)-50)))
		b := ToBF16(x)
		away := func(b uint16) float64 { return math.Abs(float64(FromBF16(b)) - float64(x)) }
		require.LessOrEqual(t, away(b), away(b-1))
		require.LessOrEqual(t, away(b), away(b+1))
		require.Equal(t, b, ToBF16(FromBF16(b)), "a bfloat16 stays what it is")
	}
}
