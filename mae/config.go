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
	JointTarget  bool // targets are normalised over all values of a patch together, not over those of each colour channel
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
	"tiny":  {Encoder: vit.Sizes["tiny"], DecoderDim: 64, DecoderDepth: 2, DecoderHeads: 1},
	"small": {Encoder: vit.Sizes["small"], DecoderDim: 192, DecoderDepth: 4, DecoderHeads: 3},
	"base":  {Encoder: vit.Sizes["base"], DecoderDim: 384, DecoderDepth: 4, DecoderHeads: 6},
	"large": {Encoder: vit.Sizes["large"], DecoderDim: 512, DecoderDepth: 4, DecoderHeads: 8},
}

// MACs counts the multiply-adds of one sample: the encoder on the visible patches, their projection to the decoder, the
// decoder's blocks on all tokens, and its head on the hidden patches.
func (c Config) MACs(visible, tokens int) int {
	narrow := visible * c.Encoder.Dim * c.DecoderDim
	decoder := c.DecoderDepth * vit.BlockMACs(tokens, c.DecoderDim, c.Encoder.MLPRatio)
	return c.Encoder.MACs(visible) + narrow + decoder + (tokens-visible)*c.DecoderDim*c.Encoder.PatchDim()
}
