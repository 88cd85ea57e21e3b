package mae

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/nn"
	"mien/vit"
)

// small has no two equal sizes.
var small = Config{
	Encoder:    vit.Config{ImageSize: 15, Frames: 8, PatchSize: 5, Tubelet: 4, Dim: 12, Depth: 2, Heads: 3, MLPRatio: 2},
	DecoderDim: 14, DecoderDepth: 1, DecoderHeads: 7,
}

func TestCheck(t *testing.T) {
	for size, c := range Sizes {
		require.NoError(t, c.Check(), size)
		require.Equal(t, c.DecoderDim, c.DecoderHeads*vit.HeadDim, size)
	}
	require.NoError(t, small.Check())
	for message, change := range map[string]func(c *Config){
		"decoder of width 14, depth 1 and 4 heads: each must be at least 1, and the width a multiple of the heads": func(c *Config) { c.DecoderHeads = 4 },
		"decoder of width 14, depth 1 and 0 heads": func(c *Config) { c.DecoderHeads = 0 },
		"decoder of width 14, depth 0 and 7 heads": func(c *Config) { c.DecoderDepth = 0 },
		"decoder of width -14":                     func(c *Config) { c.DecoderDim = -14 },
		"patches of one pixel: targets are divided by the deviation inside a patch, so that it needs two or more": func(c *Config) { c.Encoder.PatchSize, c.Encoder.Tubelet = 1, 1 },
		"8 frames are not a multiple of the 3":                               func(c *Config) { c.Encoder.Tubelet = 3 },
		"decoder of width 65538 and 1 blocks: the limits are 65536 and 1024": func(c *Config) { c.DecoderDim, c.DecoderHeads = 65538, 2 },
		"decoder of width 14 and 1025 blocks: the limits are 65536 and 1024": func(c *Config) { c.DecoderDepth = 1025 },
	} {
		c := small
		change(&c)
		require.ErrorContains(t, c.Check(), message)
	}
	c := small
	c.Encoder.PatchSize, c.Encoder.Tubelet = 1, 2
	require.NoError(t, c.Check(), "two pixels")
	c.DecoderDim, c.DecoderDepth, c.DecoderHeads = 65536, 1024, 65536
	require.NoError(t, c.Check(), "at the limits")
}

// The published number of parameters, and the published names.
func TestParameters(t *testing.T) {
	count := func(c Config) (int, []nn.Param) {
		params, err := nn.Outline(1000, func(s *nn.Scope) { New(s, c) })
		require.NoError(t, err)
		return nn.Count(params), params
	}
	n, _ := count(Sizes["base"])
	require.Equal(t, 94_210_944, n)
	_, params := count(small)
	shapes := map[string][]int{}
	for _, p := range params {
		shapes[p.Name] = p.Shape()
	}
	require.Len(t, shapes, 2+2*13+2+1+1+13+4)
	for name, shape := range map[string][]int{
		"encoder.patch_embed.proj.weight": {12, 3, 4, 5, 5}, "encoder.blocks.1.attn.qkv.weight": {36, 12}, "encoder.norm.weight": {12},
		"encoder_to_decoder.weight": {14, 12}, "mask_token": {1, 1, 14}, "decoder.blocks.0.mlp.fc1.weight": {28, 14},
		"decoder.norm.bias": {14}, "decoder.head.weight": {300, 14}, "decoder.head.bias": {300},
	} {
		require.Equal(t, shape, shapes[name], name)
	}
}

// The published sizes of encoder and decoder, and the tiny ones.
func TestPublishedSizes(t *testing.T) {
	require.Len(t, Sizes, 4)
	for size, want := range map[string]Config{
		"tiny":  {vit.Config{ImageSize: 80, Frames: 8, PatchSize: 16, Tubelet: 2, Dim: 128, Depth: 6, Heads: 2, MLPRatio: 4}, 64, 2, 1, false},
		"small": {vit.Config{ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 384, Depth: 12, Heads: 6, MLPRatio: 4}, 192, 4, 3, false},
		"base":  {vit.Config{ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 768, Depth: 12, Heads: 12, MLPRatio: 4}, 384, 4, 6, false},
		"large": {vit.Config{ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 1024, Depth: 24, Heads: 16, MLPRatio: 4}, 512, 4, 8, false},
	} {
		require.Equal(t, want, Sizes[size])
	}
}

// In units of 10⁹, the published model and a video; and a model small enough to count by hand: 5 of 18 patches are visible.
func TestMACs(t *testing.T) {
	require.InDelta(t, 11.5625, float64(Sizes["base"].MACs(40, 800))/1e9, 0.00005) // the head runs on the 760 hidden patches only
	encoder := 5*300*12 + 2*(5*(3+1+2*2)*12*12+2*5*5*12)
	decoder := 18*(3+1+2*2)*14*14 + 2*18*18*14
	require.Equal(t, encoder+5*12*14+decoder+13*14*300, small.MACs(5, 18))
}
