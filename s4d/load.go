package s4d

import (
	"fmt"
	"slices"
	"strings"

	"mien/nn"
	"mien/vit"
)

// How the shape of a published checkpoint, which has no recipe, follows from its tensors.

// InferConfig reads the shape of a fine-tuned model from its tensors: width, depth, experts and classes. Heads are 64 wide.
// Image size, frames and experts per token, which no tensor determines, are the published 160, 16 and 2. Names may claim any
// shape: nothing is allocated here.
func InferConfig(file nn.Weights) (c Config, err error) {
	patch, ok := file.Shape("patch_embed.proj.weight")
	if !ok || len(patch) != 5 || patch[1] != 3 {
		return c, fmt.Errorf("weights hold no patch_embed.proj.weight [D, 3, 2, 16, 16]: they are not a fine-tuned S4D model")
	}
	c.Encoder = vit.Config{ImageSize: 160, Frames: 16, PatchSize: patch[3], Tubelet: patch[2],
		Dim: patch[0], Heads: max(1, patch[0]/vit.HeadDim), MLPRatio: 4}
	for _, name := range file.Names() {
		var block, expert int
		n, _ := fmt.Sscanf(name, "blocks.%d.moe_layer.experts.%d.", &block, &expert)
		if n > 0 {
			c.Encoder.Depth = max(c.Encoder.Depth, block+1)
		}
		if n < 2 || !strings.HasSuffix(name, ".fc1.weight") {
			continue
		}
		c.MoAEBlocks, c.MoAE.Experts = append(c.MoAEBlocks, block), max(c.MoAE.Experts, expert+1)
		if shape, _ := file.Shape(name); len(shape) == 2 {
			c.MoAE.Hidden = shape[0]
		}
	}
	slices.Sort(c.MoAEBlocks)
	c.MoAEBlocks = slices.Compact(c.MoAEBlocks)
	c.MoAE.TopK = min(2, max(c.MoAE.Experts, 1))
	if shape, ok := file.Shape("blocks.0.mlp.fc1.bias"); ok && len(shape) == 1 && shape[0] >= c.Encoder.Dim {
		c.Encoder.MLPRatio = shape[0] / c.Encoder.Dim
	}
	if c.ImageClasses, err = classes(file, "image"); err != nil {
		return c, err
	}
	c.VideoClasses, err = classes(file, "video")
	return c, err
}

func classes(file nn.Weights, head string) (int, error) {
	shape, ok := file.Shape("head." + head + ".weight")
	if !ok || len(shape) != 2 {
		return 0, fmt.Errorf("weights hold no head.%s.weight: they are not a fine-tuned S4D model", head)
	}
	return shape[0], nil
}
