package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
)

// Each number goes to the nearer of the two bfloat16s around it, from the middle to the even one, and NaN to NaN.
func TestBF16IsTheNearest(t *testing.T) {
	value := func(b uint16) float64 {
		if b == 0x7F80 {
			return 0x1p128 // Inf, in its place for rounding
		}
		return float64(math.Float32frombits(uint32(b) << 16))
	}
	for below := range uint16(0x7F80) {
		for _, rest := range []uint32{0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF} {
			x := math.Float32frombits(uint32(below)<<16 | rest)
			want := below
			if down, up := float64(x)-value(below), value(below+1)-float64(x); up < down || up == down && below%2 == 1 {
				want = below + 1
			}
			require.Equal(t, want, toBF16(x), x)
			require.Equal(t, want|0x8000, toBF16(-x), -x)
		}
	}
	for _, nan := range []uint32{0x7F800001, 0x7FC00000, 0x7FFFFFFF, 0xFF800001, 0xFFFFFFFF} {
		b := toBF16(math.Float32frombits(nan))
		require.True(t, b&0x7FC0 == 0x7FC0, "%x becomes %x, not a quiet NaN", nan, b)
		require.Equal(t, nan>>31 == 1, b>>15 == 1, "the sign of %x", nan)
	}
	require.Equal(t, []uint16{0x7F80, 0xFF80}, []uint16{toBF16(float32(math.Inf(1))), toBF16(float32(math.Inf(-1)))})
}

// anyBits draws floats of all kinds, many of them halfway between two bfloat16s, subnormal, infinite or NaN.
func anyBits(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		b := rng.Uint32()
		switch rng.IntN(4) {
		case 0:
			b = b&0xFFFF0000 | 0x8000
		case 1:
			b &= 0x807FFFFF
		case 2:
			b |= 0x7F800000
		}
		x[i] = math.Float32frombits(b)
	}
	return x
}

// asBF16 returns memory of floats as n bfloat16s.
func asBF16(x []float32, n int) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(x))), n)
}

func TestRoundAndWiden(t *testing.T) {
	const guard = 0xBEEF
	rng := rand.New(rand.NewPCG(1, 2))
	for _, set := range kernel.Supported() {
		k := New(set)
		for _, n := range sizes() {
			what := fmt.Sprintf("%s, %d elements", set, n)
			x, offset := anyBits(rng, n+1)[n%2:][:n], n%5
			narrow, want := make([]uint16, offset+n+40), make([]uint16, n)
			for i := range narrow {
				narrow[i] = guard
			}
			k.Round(narrow[offset:][:n], x)
			roundReference(want, x)
			require.Equal(t, want, narrow[offset:][:n], what)
			for i, v := range narrow {
				require.True(t, i >= offset && i < offset+n || v == guard, "%s: element %d is overwritten", what, i)
			}

			a := &kerneltest.Arena{T: t}
			wide := a.Slice(make([]float64, n), offset)
			k.Widen(wide, narrow[offset:][:n])
			a.Check()
			for i, v := range wide {
				require.Equal(t, uint32(want[i])<<16, math.Float32bits(v), what)
			}
		}
	}
}
