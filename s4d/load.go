package s4d

import (
	"fmt"
	"slices"
	"strings"

	"mien/nn"
	"mien/recipe"
	"mien/vit"
)

// How the recipe of a published checkpoint, which has none, follows from its tensors.

// identify recognises a fine-tuned model by its heads, and reads width, depth, experts and classes from its tensors. Heads of attention
// are 64 wide. What no tensor determines is as published: images of 160 pixels, videos of 16 frames, each the fourth, and two experts
// per token. Names may claim any shape: nothing is allocated here.
func identify(file nn.Weights) (r recipe.Recipe, ok bool, err error) {
	if _, ok := file.Shape("head.image.weight"); !ok {
		return r, false, nil
	}
	shape := func(name string) []int {
		extents, _ := file.Shape(name)
		return extents
	}
	patch, image, video := shape("patch_embed.proj.weight"), shape("head.image.weight"), shape("head.video.weight")
	missing := ""
	switch {
	case len(patch) != 5 || patch[1] != 3:
		missing = "patch_embed.proj.weight [D, 3, 2, 16, 16]"
	case len(image) != 2:
		missing = "head.image.weight"
	case len(video) != 2:
		missing = "head.video.weight"
	}
	if missing != "" {
		return r, true, fmt.Errorf("weights hold no %s: they are not a fine-tuned S4D model", missing)
	}
	r.Name, r.Kind, r.System, r.Data.Stride = "published", recipe.Finetune, "s4d", 4
	m := &r.Model
	m.ImageClasses, m.VideoClasses = image[0], video[0]
	m.Encoder = recipe.Encoder{ImageSize: 160, Frames: 16, PatchSize: patch[3], Tubelet: patch[2],
		Dim: patch[0], Heads: max(1, patch[0]/vit.HeadDim), MLPRatio: 4}
	if hidden := shape("blocks.0.mlp.fc1.bias"); len(hidden) == 1 && m.Dim > 0 && hidden[0] >= m.Dim {
		m.MLPRatio = hidden[0] / m.Dim
	}
	var blocks []int
	for _, name := range file.Names() {
		var block, expert int
		n, _ := fmt.Sscanf(name, "blocks.%d.moe_layer.experts.%d.", &block, &expert)
		if n > 0 {
			m.Depth = max(m.Depth, block+1)
		}
		if n < 2 || !strings.HasSuffix(name, ".fc1.weight") {
			continue
		}
		blocks, m.Experts = append(blocks, block), max(m.Experts, expert+1)
		if weight := shape(name); len(weight) == 2 {
			m.ExpertHidden = weight[0]
		}
	}
	slices.Sort(blocks)
	m.Position = strings.Trim(strings.ReplaceAll(fmt.Sprint(slices.Compact(blocks)), " ", ","), "[]") // as in "6,7"
	m.TopK = min(2, max(m.Experts, 1))
	return r, true, nil
}
