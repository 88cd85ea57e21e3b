package vit

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
)

func TestCheck(t *testing.T) {
	valid := Config{ImageSize: 12, Frames: 6, PatchSize: 4, Tubelet: 2, Dim: 24, Depth: 2, Heads: 3, MLPRatio: 5}
	require.NoError(t, valid.Check())
	for size, c := range Sizes {
		require.NoError(t, c.Check(), size)
		require.Equal(t, c.Dim, c.Heads*HeadDim, size)
	}
	for message, change := range map[string]func(c *Config){
		"ImageSize:0": func(c *Config) { c.ImageSize = 0 },
		"Frames:0":    func(c *Config) { c.Frames = 0 },
		"PatchSize:0": func(c *Config) { c.PatchSize = 0 },
		"Tubelet:0":   func(c *Config) { c.Tubelet = 0 },
		"Dim:0":       func(c *Config) { c.Dim = 0 },
		"Depth:0":     func(c *Config) { c.Depth = 0 },
		"Heads:-1":    func(c *Config) { c.Heads = -1 },
		"MLPRatio:0}: every number must be at least 1":        func(c *Config) { c.MLPRatio = 0 },
		"image size 14 is not a multiple of the patch size 4": func(c *Config) { c.ImageSize = 14 },
		"5 frames are not a multiple of the 2 frames of a":    func(c *Config) { c.Frames = 5 },
		"width 25 is not a multiple of the 3 heads":           func(c *Config) { c.Dim = 25 },
		"more than 1024 blocks, or a number above 65536":      func(c *Config) { c.Depth = 1025 },
		"Dim:65538":            func(c *Config) { c.Dim = 65538 },
		"a number above 65536": func(c *Config) { c.MLPRatio = 65537 },
		"the limits are 67108864 pixels and 65536 tokens":        func(c *Config) { c.ImageSize = 4096 },
		"a video of 36866 frames of 8×8 pixels in 73732 tokens:": func(c *Config) { c.ImageSize, c.Frames = 8, 36866 },
	} {
		c := valid
		change(&c)
		require.ErrorContains(t, c.Check(), message)
	}
	atLimit := Config{ImageSize: 2048, Frames: 16, PatchSize: 16, Tubelet: 4, Dim: 65536, Depth: 1024, Heads: 1, MLPRatio: 65536}
	require.NoError(t, atLimit.Check())
	atLimit.Tubelet = 2
	require.ErrorContains(t, atLimit.Check(), "in 131072 tokens")
}

func TestTokens(t *testing.T) {
	base := Sizes["base"]
	require.Equal(t, []int{100, 800, 1536}, []int{base.ImageTokens(), base.VideoTokens(), base.PatchDim()})
	c := Config{ImageSize: 15, Frames: 8, PatchSize: 5, Tubelet: 4}
	require.Equal(t, []int{9, 18, 300}, []int{c.ImageTokens(), c.VideoTokens(), c.PatchDim()})
	b := cpu.New()
	for _, pixels := range []*engine.Tensor{
		engine.New(b, engine.Uint8, 7, 8, 15, 15, 3), engine.New(b, engine.Float32, 7, 3, 8, 15, 15),
	} {
		require.Equal(t, 18, c.CheckPixels(pixels))
	}
	require.Equal(t, 9, c.CheckPixels(engine.New(b, engine.Uint8, 7, 1, 15, 15, 3)))
	require.Equal(t, 9, c.CheckPixels(engine.New(b, engine.Float32, 7, 3, 1, 15, 15)))
	for _, pixels := range []*engine.Tensor{
		engine.New(b, engine.Uint8, 7, 8, 10, 15, 3), engine.New(b, engine.Uint8, 7, 8, 15, 10, 3), engine.New(b, engine.Uint8, 7, 3, 8, 15, 15),
		engine.New(b, engine.Float32, 7, 3, 8, 15, 10), engine.New(b, engine.Float32, 7, 3, 8, 10, 15), engine.New(b, engine.Float32, 3, 15, 15),
		engine.New(b, engine.Float32, 7, 8, 15, 15, 3),
	} {
		require.PanicsWithError(t, wantedPixels(c, pixels), func() { c.CheckPixels(pixels) })
	}
}

func wantedPixels(c Config, got *engine.Tensor) string {
	want := []int{-1, 3, -1, c.ImageSize, c.ImageSize}
	if got.DType() == engine.Uint8 {
		want = []int{-1, -1, c.ImageSize, c.ImageSize, 3}
	}
	return (&engine.ShapeError{Op: "pixels", Got: got.Shape(), Want: want}).Error()
}

// Multiply-adds of the published sizes match the literature, in units of 10⁹; a small one is counted by hand.
func TestMACs(t *testing.T) {
	base := Sizes["base"]
	require.InDelta(t, 80.69, float64(base.MACs(800)+7*base.Dim)/1e9, 0.005)
	require.InDelta(t, 8.796, float64(base.MACs(100)+7*base.Dim)/1e9, 0.0005)

	require.Equal(t, 3*(3+1+2*2)*4*4+2*3*3*4, BlockMACs(3, 4, 2))
	c := Config{ImageSize: 2, Frames: 1, PatchSize: 1, Tubelet: 1, Dim: 4, Depth: 2, Heads: 1, MLPRatio: 2}
	require.Equal(t, 3*3*4+2*BlockMACs(3, 4, 2), c.MACs(3))
}

// The published encoders, and the tiny one.
func TestSizes(t *testing.T) {
	require.Equal(t, map[string]Config{
		"tiny":  {ImageSize: 80, Frames: 8, PatchSize: 16, Tubelet: 2, Dim: 128, Depth: 6, Heads: 2, MLPRatio: 4},
		"small": {ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 384, Depth: 12, Heads: 6, MLPRatio: 4},
		"base":  {ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 768, Depth: 12, Heads: 12, MLPRatio: 4},
		"large": {ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 1024, Depth: 24, Heads: 16, MLPRatio: 4},
	}, Sizes)
}

// At its limit each number passes, and one more does not.
func TestLimits(t *testing.T) {
	for message, c := range map[string]Config{
		"more than 1024 blocks, or a number above 65536": {ImageSize: 1, Frames: 65537, PatchSize: 1, Tubelet: 1, Dim: 1, Depth: 1, Heads: 1, MLPRatio: 1},
		"number above 65536":                             {ImageSize: 65537, Frames: 1, PatchSize: 65537, Tubelet: 1, Dim: 1, Depth: 1, Heads: 1, MLPRatio: 1},
		"a video of 17 frames of 2048×2048 pixels in 17 tokens: the limits are 67108864 pixels and 65536 tokens": {
			ImageSize: 2048, Frames: 17, PatchSize: 2048, Tubelet: 1, Dim: 1, Depth: 1, Heads: 1, MLPRatio: 1},
	} {
		require.ErrorContains(t, c.Check(), message)
	}
	require.NoError(t, Config{ImageSize: 1, Frames: 65536, PatchSize: 1, Tubelet: 1, Dim: 1, Depth: 1, Heads: 1, MLPRatio: 1}.Check())
}
