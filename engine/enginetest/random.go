package enginetest

import (
	"math"

	"mien/engine"
)

// keys differ in the low and the high words of seed and stream.
var keys = []engine.Key{{}, {Seed: 1}, {Stream: 1}, {Seed: 1 << 32}, {Stream: 1 << 32}, {Seed: 0x243f6a8885a308d3, Stream: 0x13198a2e03707344}}

var randomLengths = []int{0, 1, 2, 3, 4, 5, 7, 64, 1023, 4099}

// word returns word i of a sequence.
func word(key engine.Key, i int) uint32 { return key.Block(uint64(i / 4))[i%4] }

func testRandomNormal(s *suite) {
	draw := func(n int, key engine.Key) {
		want := make([]float64, n)
		for i := range want {
			want[i] = float64(engine.Normal(word(key, i)))
		}
		dst := s.blank(n)
		s.b.RandomNormal(dst, key)
		s.check(dst, exactly(want), "%d normal numbers of %v", n, key)
	}
	for _, key := range keys {
		for _, n := range randomLengths {
			draw(n, key)
		}
	}
	draw(large, keys[5])
}

// testRandomMask has, in addition to usual probabilities, some at which a mask changes: just below a word of the sequence, the word itself,
// which is not below, and just above.
func testRandomMask(s *suite) {
	draw := func(n int, p float64, key engine.Key) {
		want, kept := make([]float64, n), s.round(1/(1-p))
		for i := range want {
			if !(float64(word(key, i)) < p*0x1p32) {
				want[i] = kept
			}
		}
		dst := s.blank(n)
		s.b.RandomMask(dst, p, key)
		s.check(dst, exactly(want), "mask of %d with p = %v of %v", n, p, key)
	}
	for _, key := range keys {
		for _, p := range []float64{0, 0.1, 1.0 / 3, 0.5, 0.999, 1} {
			for _, n := range randomLengths {
				draw(n, p, key)
			}
		}
		for i := range 7 {
			for _, shift := range []float64{-0.5, 0, 0.5, math.Ldexp(1, -20)} {
				draw(7, (float64(word(key, i))+shift)*0x1p-32, key)
			}
		}
	}
	draw(large, 0.1, keys[5])
}
