package vit

import (
	"fmt"
	"math"
	"strings"

	"mien/recipe"
)

// Group applies the published rule for fine-tuning: layer-wise learning-rate decay, and no weight decay for vectors. Nor do class token and
// positions decay, as in timm.
func Group(r recipe.Recipe, name string, shape []int) (lrScale, decay float64) {
	if len(shape) > 1 && !beside(name) {
		decay = r.Train.WeightDecay
	}
	return LayerScale(name, r.Model.Depth, r.Train.LayerDecay), decay
}

// LayerScale returns the learning-rate factor of a parameter under layer decay: decay^(depth + 1 − id), with id 0 for the patch
// embedding and what stands beside it, l + 1 for block l, and depth + 1 for fc_norm and the heads.
func LayerScale(name string, depth int, decay float64) float64 {
	var block int
	id := depth + 1
	if strings.HasPrefix(name, "patch_embed.") || beside(name) {
		id = 0
	} else if n, _ := fmt.Sscanf(name, "blocks.%d.", &block); n == 1 {
		id = block + 1
	}
	return math.Pow(decay, float64(depth+1-id))
}

// beside reports whether a parameter is the class token or the positions of a FrameEncoder, which are no part of a layer.
func beside(name string) bool { return name == "cls_token" || name == "pos_embed" }
