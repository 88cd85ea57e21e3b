package mae

import (
	"errors"
	"fmt"

	"mien/vit"
)

// The sizes of encoder and decoder, and their cost.

// Config is an encoder and the size of its decoder.
type Config struct {
	Encoder      vit.Config
	DecoderDim   int
	DecoderDepth int
	DecoderHeads int
}

// Check returns an error for sizes that do not fit together.
func (c Config) Check() error {
	switch {
	case min(c.DecoderDim, c.DecoderDepth, c.DecoderHeads) < 1 || c.DecoderDim%c.DecoderHeads != 0:
		return fmt.Errorf("decoder of width %d, depth %d and %d heads: each must be at least 1, and the width a multiple of the heads",
			c.DecoderDim, c.DecoderDepth, c.DecoderHeads)
	case c.DecoderDim > vit.MaxExtent || c.DecoderDepth > vit.MaxDepth:
		return fmt.Errorf("decoder of width %d and %d blocks: the limits are %d and %d", c.DecoderDim, c.DecoderDepth, vit.MaxExtent, vit.MaxDepth)
	case c.Encoder.PatchDim() == 3:
		return errors.New("patches of one pixel: targets are divided by the deviation inside a patch, so that it needs two or more")
	}
	return c.Encoder.Check()
}

// Sizes are the published pairs, and a tiny one.
var Sizes = map[string]Config{
	"tiny":  {vit.Sizes["tiny"], 64, 2, 1},
	"small": {vit.Sizes["small"], 192, 4, 3},
	"base":  {vit.Sizes["base"], 384, 4, 6},
	"large": {vit.Sizes["large"], 512, 4, 8},
}

// MACs counts the multiply-adds of one sample: the encoder on the visible patches, their projection to the decoder, the
// decoder's blocks on all tokens, and its head on the hidden patches.
func (c Config) MACs(visible, tokens int) int {
	narrow := visible * c.Encoder.Dim * c.DecoderDim
	decoder := c.DecoderDepth * vit.BlockMACs(tokens, c.DecoderDim, c.Encoder.MLPRatio)
	return c.Encoder.MACs(visible) + narrow + decoder + (tokens-visible)*c.DecoderDim*c.Encoder.PatchDim()
}
