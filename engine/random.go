package engine

import (
	"math"
	"math/bits"
)

// Key names a sequence of random numbers. The numbers are a function of key and position alone: they are the same on every
// backend, for any number of threads, and when a layer is recomputed.
type Key struct{ Seed, Stream uint64 }

// Child returns the key of part i of what k names: of a layer, or of one use in it.
func (k Key) Child(i int) Key {
	z := k.Stream + 0x9e3779b97f4a7c15*uint64(i+1) // SplitMix64 (Steele, Lea & Flood 2014)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return Key{k.Seed, z ^ z>>31}
}

// Block returns the random words 4·i to 4·i + 3 of the sequence: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3") of the key Seed and the counter (i, Stream), low words first.
func (k Key) Block(i uint64) [4]uint32 {
	counter := [4]uint32{uint32(i), uint32(i >> 32), uint32(k.Stream), uint32(k.Stream >> 32)}
	return philox4x32(counter, [2]uint32{uint32(k.Seed), uint32(k.Seed >> 32)})
}

func philox4x32(c [4]uint32, k [2]uint32) [4]uint32 {
	for range 10 {
		hi0, lo0 := bits.Mul32(0xd2511f53, c[0])
		hi1, lo1 := bits.Mul32(0xcd9e8d57, c[2])
		c = [4]uint32{hi1 ^ c[1] ^ k[0], lo1, hi0 ^ c[3] ^ k[1], lo0}
		k[0] += 0x9e3779b9
		k[1] += 0xbb67ae85
	}
	return c
}

// Normal turns a random word into a number from N(0, 1) by the inverse of the normal distribution. It needs only a table and
// float32 multiplications and additions, each rounded, so that every backend can compute the same number bit for bit.
//
// The top bit of the word is the sign. The other 31 bits m are the probability p = (2·m + 1)/2³³ of a larger number; the table
// divides its range into octaves, [2ᵉ, 2ᵉ⁺¹) of 2·m + 1, and each octave into eight, on which Φ⁻¹ is a cubic in t ∈ [0, 1).
func Normal(word uint32) float32 {
	w := word<<1 | 1
	e := bits.Len32(w) - 1
	fraction := w << (32 - e) // without its leading one
	c := &NormalTable[e*normalParts+int(fraction>>29)]
	t := float32(fraction<<3>>8) * 0x1p-24
	z := c[3]
	z = float32(z*t) + c[2] // the conversions keep compilers from fusing product and sum
	z = float32(z*t) + c[1]
	z = float32(z*t) + c[0]
	if word>>31 == 0 {
		return -z
	}
	return z
}

const normalParts = 8 // of an octave

// NormalTable holds the coefficients of Normal, lowest power first: for each octave of the probability, from the rarest, eight cubics.
// A backend on another device uploads it.
var NormalTable = newNormalTable()

// newNormalTable starts from values rounded to multiples of 1/grid, so it is the same on every machine: rounding removes the last bits
// of Erfinv, which depend on whether the compiler fuses product and sum, and all that follows is exact.
func newNormalTable() (table [32 * normalParts][4]float32) {
	const grid = 1 << 30
	for i := range table {
		octave, part := i/normalParts, i%normalParts
		at := func(t float64) float64 { // Φ⁻¹(1 − p), p in units of 2⁻³³
			w := math.Ldexp(1+(float64(part)+t)/normalParts, octave)
			return math.RoundToEven(math.Sqrt2*math.Erfinv(1-math.Ldexp(w, -32))*grid) / grid
		}
		// Newton's form of the cubic through four points, in powers of t.
		y0, y1, y2, y3 := at(0), at(1.0/3), at(2.0/3), at(1)
		d1, d2, d3 := y1-y0, y2-2*y1+y0, y3-3*y2+3*y1-y0
		table[i] = [4]float32{float32(y0), float32(3*d1 - 1.5*d2 + d3), float32(4.5*d2 - 4.5*d3), float32(4.5 * d3)}
	}
	return table
}
