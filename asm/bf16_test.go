package asm

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// nearestBF16 finds the nearest bfloat16 by looking at both neighbours in float64, where every distance is exact.
func nearestBF16(v float32) uint16 {
	low := uint16(math.Float32bits(v) >> 16) // towards zero
	high := low + 1
	at := func(b uint16) float64 {
		if b&0x7fff == 0x7f80 { // what would come after the largest number stands for infinity
			return math.Copysign(math.Ldexp(1, 128), float64(v))
		}
		return float64(math.Float32frombits(uint32(b) << 16))
	}
	toLow, toHigh := math.Abs(float64(v)-at(low)), math.Abs(float64(v)-at(high))
	if toLow < toHigh || toLow == toHigh && low%2 == 0 {
		return low
	}
	return high
}

func TestBF16RoundsToNearestEven(t *testing.T) {
	// Every bfloat16, and between it and the next: just above, the tie and both sides of it, just below the next.
	var values []float32
	var want []uint16
	for upper := range uint32(1 << 16) {
		for _, lower := range []uint32{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff} {
			v := math.Float32frombits(upper<<16 | lower)
			values = append(values, v)
			switch {
			case v != v:
				want = append(want, uint16(upper)|0x40)
			case math.IsInf(float64(v), 0):
				want = append(want, uint16(upper))
			default:
				want = append(want, nearestBF16(v))
			}
		}
	}
	for _, k := range Implementations() {
		got := make([]uint16, len(values))
		k.ToBF16(got, values)
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%s: %08x became %04x, want %04x", k.Name, math.Float32bits(values[i]), got[i], want[i])
			}
		}
	}
}

func TestFromBF16IsExact(t *testing.T) {
	src := make([]uint16, 1<<16)
	for i := range src {
		src[i] = uint16(i)
	}
	for _, k := range Implementations() {
		dst := make([]float32, len(src))
		k.FromBF16(dst, src)
		for i, v := range dst {
			if math.Float32bits(v) != uint32(i)<<16 {
				t.Fatalf("%s: %04x became %08x", k.Name, i, math.Float32bits(v))
			}
		}
	}
}

// All small lengths at odd offsets, between words that must stay.
func TestBF16LengthsAndGuards(t *testing.T) {
	const before, after = 3, 5
	for _, k := range Implementations() {
		for n := range 68 {
			floats, halves := make([]float32, before+n+after), make([]uint16, before+n+after)
			for i := range floats {
				floats[i], halves[i] = float32(i)+0.25, 0x1234
			}
			k.ToBF16(halves[before:before+n], floats[before:before+n])
			wide := make([]float32, len(floats))
			for i := range wide {
				wide[i] = guard
			}
			k.FromBF16(wide[before:before+n], halves[before:before+n])
			for i := range floats {
				if i < before || i >= before+n {
					require.Equal(t, uint16(0x1234), halves[i], "%s, %d elements: word %d", k.Name, n, i)
					require.Equal(t, float32(guard), wide[i], "%s, %d elements: word %d", k.Name, n, i)
					continue
				}
				require.Equal(t, bf16(floats[i]), halves[i], "%s, %d elements", k.Name, n)
				require.Equal(t, math.Float32frombits(uint32(halves[i])<<16), wide[i], "%s, %d elements", k.Name, n)
			}
		}
	}
}
