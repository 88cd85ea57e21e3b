package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/moae"
	"mien/nn"
	"mien/s4d"
	"mien/system"
	"mien/systems"
	"mien/vit"
)

// macs counts the multiply-adds of a published model on a sample of a modality, in units of 10⁹.
func macs(t *testing.T, name string, m data.Modality) float64 {
	t.Helper()
	r, ok := systems.Preset(name)
	require.True(t, ok)
	s, err := systems.Of(r)
	require.NoError(t, err)
	var net system.Model
	_, err = nn.Outline(math.MaxInt, func(scope *nn.Scope) { net = s.Build(scope, r) })
	require.NoError(t, err)
	return float64(net.MACs(m)) / 1e9
}

// Multiply-adds of the published models: the counts of the literature for the plain transformer.
func TestMACs(t *testing.T) {
	require.InDelta(t, 80.69, macs(t, "vit-base", data.Video), 0.005)
	require.InDelta(t, 8.796, macs(t, "vit-base", data.Image), 0.0005)
	require.InDelta(t, 83.55, macs(t, "s4d-base", data.Video), 0.005)
	require.InDelta(t, 11.5625, macs(t, "mae-base", data.Video), 0.0005) // 760 of them hidden
}

// A model small enough to count by hand.
func TestMACsByHand(t *testing.T) {
	require.Equal(t, 3*(3+1+2*2)*4*4+2*3*3*4, vit.BlockMACs(3, 4, 2))
	e := vit.Config{ImageSize: 2, Frames: 1, PatchSize: 1, Tubelet: 1, Dim: 4, Depth: 2, Heads: 1, MLPRatio: 2}
	c := s4d.Config{Encoder: e, MoAE: moae.Config{Experts: 3, TopK: 2}, MoAEBlocks: []int{1}}
	require.Equal(t, 3*3*4+2*vit.BlockMACs(3, 4, 2)+3*(4*3+2*2*4*1)+4*5, c.MACs(3, 5))
	require.Equal(t, forwardGFLOP(3, 500)*3, trainingGFLOP(3, 500))
	require.InDelta(t, 3000/1e9, forwardGFLOP(3, 500), 1e-18)
}

// A step on one modality does not use the head of the other.
func TestUsedParams(t *testing.T) {
	heads := map[data.Modality]string{data.Image: "head.image.", data.Video: "head.video."}
	all := []nn.Param{{Name: "head.image.bias"}, {Name: "blocks.0.norm1.weight"}, {Name: "head.video.weight"}}
	require.Equal(t, all[:2], usedParams(all, heads, data.Image))
	require.Equal(t, all[1:], usedParams(all, heads, data.Video))
	require.Equal(t, all, usedParams(all, nil, data.Video))
}
