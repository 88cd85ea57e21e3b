package vit

import (
	"fmt"

	"mien/data"
	"mien/engine"
	"mien/recipe"
)

// HeadDim is the width of one attention head in every published size.
const HeadDim = 64

// Config is the geometry of an encoder; [recipe.Encoder] describes its fields. None has a useful zero value: start from one of [Sizes].
type Config recipe.Encoder

// Sizes are the published encoders, and a tiny one for tests and small machines.
var Sizes = map[string]Config{
	"tiny":  {ImageSize: 80, Frames: 8, PatchSize: 16, Tubelet: 2, Dim: 128, Depth: 6, Heads: 2, MLPRatio: 4},
	"small": {ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 384, Depth: 12, Heads: 6, MLPRatio: 4},
	"base":  {ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 768, Depth: 12, Heads: 12, MLPRatio: 4},
	"large": {ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 1024, Depth: 24, Heads: 16, MLPRatio: 4},
}

// Limits that keep memory bounded whatever a file or recipe claims, far above any published encoder.
const (
	MaxDepth  = 1 << 10
	MaxExtent = 1 << 16 // of any number except the tokens
	maxPixels = 1 << 26 // of a video
	maxTokens = 1 << 16 // of a video
)

// Check returns an error naming the extents that do not divide evenly or exceed the limits.
func (c Config) Check() error {
	switch {
	case min(c.ImageSize, c.Frames, c.PatchSize, c.Tubelet, c.Dim, c.Depth, c.Heads, c.MLPRatio) < 1:
		return fmt.Errorf("model size %+v: every number must be at least 1", c)
	case max(c.ImageSize, c.Frames, c.Dim, c.MLPRatio) > MaxExtent || c.Depth > MaxDepth:
		return fmt.Errorf("model size %+v: more than %d blocks, or a number above %d", c, MaxDepth, MaxExtent)
	case c.ImageSize%c.PatchSize != 0:
		return fmt.Errorf("image size %d is not a multiple of the patch size %d", c.ImageSize, c.PatchSize)
	case c.Frames%c.Tubelet != 0:
		return fmt.Errorf("%d frames are not a multiple of the %d frames of a tubelet", c.Frames, c.Tubelet)
	case c.Dim%c.Heads != 0:
		return fmt.Errorf("width %d is not a multiple of the %d heads", c.Dim, c.Heads)
	case c.Frames*c.ImageSize*c.ImageSize > maxPixels || c.VideoTokens() > maxTokens:
		return fmt.Errorf("a video of %d frames of %d×%d pixels in %d tokens: the limits are %d pixels and %d tokens",
			c.Frames, c.ImageSize, c.ImageSize, c.VideoTokens(), maxPixels, maxTokens)
	}
	return nil
}

// ImageTokens is the number of tokens of an image.
func (c Config) ImageTokens() int { return (c.ImageSize / c.PatchSize) * (c.ImageSize / c.PatchSize) }

// VideoTokens is the number of tokens of a video.
func (c Config) VideoTokens() int { return c.Frames / c.Tubelet * c.ImageTokens() }

// TokensOf is the number of tokens of a sample of a modality.
func (c Config) TokensOf(m data.Modality) int {
	return data.ByModality(m, c.ImageTokens(), c.VideoTokens())
}

// PatchDim is the number of pixel values in a patch.
func (c Config) PatchDim() int { return 3 * c.Tubelet * c.PatchSize * c.PatchSize }

// CheckPixels returns the number of tokens in each sample of pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W]. It panics
// with a *engine.ShapeError if H and W are not the model's: the patches would get wrong positions.
func (c Config) CheckPixels(pixels *engine.Tensor) (tokens int) {
	if pixels.DType() == engine.Uint8 {
		engine.CheckShape("pixels", pixels, -1, -1, c.ImageSize, c.ImageSize, 3)
		return max(1, pixels.Dim(1)/c.Tubelet) * c.ImageTokens()
	}
	engine.CheckShape("pixels", pixels, -1, 3, -1, c.ImageSize, c.ImageSize)
	return max(1, pixels.Dim(2)/c.Tubelet) * c.ImageTokens()
}

// The cost of a model in multiply-adds per sample: linear layers and the two products of attention. Norms, softmax, GELU and
// the optimizer are not counted. A multiply-add is two floating-point operations.

// BlockMACs counts a transformer block of width D on N tokens:
//
//	queries, keys, values 3·N·D² · output projection N·D² · MLP 2·ratio·N·D² · QKᵀ and its product with V 2·N²·D
func BlockMACs(tokens, dim, ratio int) int {
	return (4+2*ratio)*tokens*dim*dim + 2*tokens*tokens*dim
}

// MACs counts the patch embedding and the blocks for the tokens that the encoder receives.
func (c Config) MACs(tokens int) int {
	return tokens*c.PatchDim()*c.Dim + c.Depth*BlockMACs(tokens, c.Dim, c.MLPRatio)
}
