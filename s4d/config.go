package s4d

import (
	"fmt"

	"mien/data"
	"mien/moae"
	"mien/recipe"
	"mien/vit"
)

// The sizes of the model, the blocks that have experts, and the cost.

// Config is everything that shapes the model.
type Config struct {
	Encoder      vit.Config
	MoAE         moae.Config
	MoAEBlocks   []int // blocks with experts
	InPlace      bool  // the experts stand in place of the MLP, as in ViT-MoE, not beside it
	ImageClasses int   // of the static head
	VideoClasses int   // of the dynamic head
	HeadHidden   int   // width of a hidden layer in each head, 0 is none, as in the released code
}

// Check returns an error naming what does not fit.
func (c Config) Check() error {
	if err := c.Encoder.Check(); err != nil {
		return err
	}
	if min(c.ImageClasses, c.VideoClasses) < 1 || max(c.ImageClasses, c.VideoClasses) > recipe.MaxClasses {
		return fmt.Errorf("heads of %d and %d classes: each needs 1 to %d", c.ImageClasses, c.VideoClasses, recipe.MaxClasses)
	}
	if c.HeadHidden < 0 || c.HeadHidden > vit.MaxExtent {
		return fmt.Errorf("model.head_hidden is %d: it must lie between 0 and %d", c.HeadHidden, vit.MaxExtent)
	}
	for _, b := range c.MoAEBlocks {
		if b < 0 || b >= c.Encoder.Depth {
			return fmt.Errorf("experts in block %d: the model has blocks 0 to %d", b, c.Encoder.Depth-1)
		}
	}
	if len(c.MoAEBlocks) == 0 {
		return nil
	}
	return c.MoAE.Check()
}

// Classes returns the number of classes of a head.
func (c Config) Classes(m data.Modality) int {
	return data.ByModality(m, c.ImageClasses, c.VideoClasses)
}

// ActiveParams returns the number of parameters used for one token: only k experts per layer count.
func (c Config) ActiveParams(total int) int {
	hidden := c.MoAE.Width(c.Encoder.Dim)
	expert := 2*c.Encoder.Dim*hidden + hidden + c.Encoder.Dim
	return total - len(c.MoAEBlocks)*(c.MoAE.Experts-c.MoAE.TopK)*expert
}

// MACs counts the multiply-adds of one sample: encoder, experts and one head. A block with n experts adds the router, N·D·n,
// and k experts of hidden width h per token, 2·k·N·D·h; where they stand in place of the MLP, it has no 2·ratio·N·D² for that.
func (c Config) MACs(tokens, classes int) int {
	e := c.Encoder
	width := c.MoAE.Experts + 2*c.MoAE.TopK*c.MoAE.Width(e.Dim)
	if c.InPlace {
		width -= 2 * e.MLPRatio * e.Dim
	}
	head := e.Dim * classes
	if c.HeadHidden > 0 {
		head = e.Dim*c.HeadHidden + c.HeadHidden*classes
	}
	return e.MACs(tokens) + len(c.MoAEBlocks)*tokens*e.Dim*width + head
}
