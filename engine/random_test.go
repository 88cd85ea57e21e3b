package engine

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The vectors are those of Random123 (kat_vectors, philox4x32 10).
func TestPhilox(t *testing.T) {
	const all = math.MaxUint32
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{all, all, all, all}, [2]uint32{all, all}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		require.Equal(t, c.want, philox4x32(c.counter, c.key))
		key := Key{Seed: uint64(c.key[1])<<32 | uint64(c.key[0]), Stream: uint64(c.counter[3])<<32 | uint64(c.counter[2])}
		require.Equal(t, c.want, key.Block(uint64(c.counter[1])<<32|uint64(c.counter[0])), "low words come first")
	}
}

// Children are those of SplitMix64, whose first numbers from 0 are known, and keep apart.
func TestKeyChild(t *testing.T) {
	require.Equal(t, Key{7, 0xe220a8397b1dcdaf}, Key{7, 0}.Child(0))
	require.Equal(t, Key{7, 0x6e789e6aa1b965f4}, Key{7, 0}.Child(1))
	seen := map[[4]uint32]bool{}
	family := []Key{{}, {Seed: 1}, {Stream: 1}}
	for _, parent := range family[:3] {
		for i := range 300 {
			child := parent.Child(i)
			require.Equal(t, parent.Seed, child.Seed)
			family = append(family, child, child.Child(0), child.Child(1))
		}
	}
	for _, key := range family {
		for i := range uint64(3) {
			block := key.Block(i)
			require.False(t, seen[block], "two keys or places draw the same")
			seen[block] = true
		}
	}
}

// probability returns that of a number larger than Normal(word), for a word without sign.
func probability(word uint32) float64 { return (2*float64(word) + 1) * 0x1p-33 }

// offBy returns by how much z misses the place with the given probability above it, by one step of Newton's method: unlike the table it
// needs no inverse.
func offBy(z, p float64) float64 {
	return (math.Erfc(z/math.Sqrt2)/2 - p) / (math.Exp(-z*z/2) / math.Sqrt(2*math.Pi))
}

// eachSegment calls fn for words on both ends of and all along each cubic of the table.
func eachSegment(fn func(segment int, words []uint32)) {
	for octave := range 32 {
		for part := range normalParts {
			first, end := segmentStart(octave, part), segmentStart(octave, part+1)
			if first == end {
				continue
			}
			words := []uint32{first}
			for i := uint64(1); i < 400; i++ {
				w := first + uint32(uint64(end-first)*i/400)
				if w > words[len(words)-1] {
					words = append(words, w)
				}
			}
			if last := end - 1; last > words[len(words)-1] {
				words = append(words, last)
			}
			fn(octave*normalParts+part, words)
		}
	}
}

// segmentStart returns the first word m with 2·m + 1 ≥ 2^octave·(1 + part/8).
func segmentStart(octave, part int) uint32 {
	return uint32(math.Ceil((math.Ldexp(1+float64(part)/normalParts, octave) - 1) / 2))
}

func TestNormal(t *testing.T) {
	worst, words := 0.0, 0
	eachSegment(func(segment int, list []uint32) {
		before := math.Inf(1)
		for _, w := range list {
			z := Normal(w | 1<<31)
			switch {
			case Normal(w) != -z:
				t.Fatalf("%#x: the top bit is the sign", w)
			case !(z > 0) || float64(z) > before:
				t.Fatalf("segment %d rises, or falls below 0, at %#x", segment, w)
			}
			worst = max(worst, math.Abs(offBy(float64(z), probability(w))))
			before = float64(z)
			words++
		}
	})
	require.Greater(t, words, 60_000)
	require.Less(t, worst, 6e-7, "the largest error")
}

// The table decides the bits of every number that is drawn: it must be the same on every machine, also where compilers fuse
// multiplications and additions.
func TestNormalTableIsTheSameEverywhere(t *testing.T) {
	hash := fnv.New64a()
	require.NoError(t, binary.Write(hash, binary.LittleEndian, NormalTable))
	require.Equal(t, uint64(0x9b8a10b3829d06b0), hash.Sum64())
}

// The ends are at ±6.34, and around 0, which is never drawn.
func TestNormalExtremes(t *testing.T) {
	require.InDelta(t, 6.3384, Normal(1<<31), 1e-3)
	require.InDelta(t, -6.3384, Normal(0), 1e-3)
	require.InDelta(t, 0, Normal(math.MaxUint32), 1e-8)
	require.Positive(t, Normal(math.MaxUint32))
	require.Negative(t, Normal(math.MaxInt32))
}

// TestNormalMoments draws a million numbers. Bounds are five standard deviations of each estimate.
func TestNormalMoments(t *testing.T) {
	const n = 1_000_000
	key := Key{Seed: 2024, Stream: 5}
	var sum, squares, cubes, fourths, neighbours, before float64
	for i := range n / 4 {
		for _, word := range key.Block(uint64(i)) {
			z := float64(Normal(word))
			sum, squares, cubes, fourths = sum+z, squares+z*z, cubes+z*z*z, fourths+z*z*z*z
			neighbours, before = neighbours+z*before, z
		}
	}
	within := func(name string, got, want, variance float64) {
		require.InDelta(t, want, got/n, 5*math.Sqrt(variance/n), name)
	}
	within("mean", sum, 0, 1)
	within("variance", squares, 1, 2)
	within("third moment", cubes, 0, 15)
	within("fourth moment", fourths, 3, 96)
	within("product of neighbours", neighbours, 0, 1)
}
