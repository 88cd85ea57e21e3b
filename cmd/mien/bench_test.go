package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/mae"
	"mien/moae"
	"mien/s4d"
	"mien/vit"
)

// Multiply-adds of the published models, in units of 10⁹: the counts of the literature for the plain transformer.
func TestMACs(t *testing.T) {
	base, err := s4d.Published("base")
	require.NoError(t, err)
	plain := base
	plain.MoAEBlocks = nil
	require.InDelta(t, 80.69, giga(classifierMACs(plain, 800, 7)), 0.005)
	require.InDelta(t, 8.796, giga(classifierMACs(plain, 100, 7)), 0.0005)
	require.InDelta(t, 83.55, giga(classifierMACs(base, 800, 7)), 0.005)
	require.InDelta(t, 11.585, giga(maskedMACs(mae.Sizes["base"], 40, 800)), 0.005)
}

// A model small enough to count by hand.
func TestMACsByHand(t *testing.T) {
	require.Equal(t, 3*(3+1+2*2)*4*4+2*3*3*4, blockMACs(3, 4, 2))
	e := vit.Config{ImageSize: 2, Frames: 1, PatchSize: 1, Tubelet: 1, Dim: 4, Depth: 2, Heads: 1, MLPRatio: 2}
	c := s4d.Config{Encoder: e, MoAE: moae.Config{Experts: 3, TopK: 2}, MoAEBlocks: []int{1}}
	require.Equal(t, 3*3*4+2*blockMACs(3, 4, 2)+3*(4*3+2*2*4*1)+4*5, classifierMACs(c, 3, 5))
	require.Equal(t, forwardGFLOP(3, 500)*3, trainingGFLOP(3, 500))
	require.InDelta(t, 3000/1e9, forwardGFLOP(3, 500), 1e-18)
}

func giga(n int) float64 { return float64(n) / 1e9 }
