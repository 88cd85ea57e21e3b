package data

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The numbers of a run: changing one would change every repeated run.
func TestStreamsAreFixed(t *testing.T) {
	require.Equal(t, uint64(0x663d7aa8990d8a4a), StreamID("view", 3, 14, 15, -9))
	require.Equal(t, uint64(0x6be60d7281a829f7), StreamID("order"))
	rng := Stream(7, "view", 3, 14, 15, -9)
	require.Equal(t, []uint64{0xac8b1671adc9af22, 0x7c8f457206e43a44}, []uint64{rng.Uint64(), rng.Uint64()})
	require.Equal(t, uint64(0x2eab343489cc5400), Stream(1, "order").Uint64())
}

func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	for _, purpose := range []string{"view", "mask"} {
		for _, place := range [][]int{nil, {0}, {1}, {0, 1}, {1, 0}, {256}, {0, 0}} {
			for seed := range uint64(3) {
				seen[Stream(seed, purpose, place...).Uint64()] = true
			}
		}
	}
	require.Len(t, seen, 2*7*3)
}
