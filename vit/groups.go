package vit

import (
	"fmt"
	"math"
	"strings"

	"mien/recipe"
)

// Group applies the published rule for fine-tuning: layer-wise learning-rate decay, and no weight decay for vectors nor, as in timm, for a
// class token and learned positions.
func Group(r recipe.Recipe, name string, shape []int) (lrScale, decay float64) {
	if len(shape) > 1 && !added(name) {
		decay = r.Train.WeightDecay
	}
	return LayerScale(name, r.Model.Depth, r.Train.LayerDecay), decay
}

// added tells whether a parameter is put beside the tokens of patches, or added to them.
func added(name string) bool { return name == "cls_token" || name == "pos_embed" }

// LayerScale returns the learning-rate factor of a parameter under layer decay: decay^(depth + 1 − id), with id 0 for the patch
// embedding, class token and positions, l + 1 for block l, and depth + 1 for the last norm and the heads.
func LayerScale(name string, depth int, decay float64) float64 {
	var block int
	id := depth + 1
	if strings.HasPrefix(name, "patch_embed.") || added(name) {
		id = 0
	} else if n, _ := fmt.Sscanf(name, "blocks.%d.", &block); n == 1 {
		id = block + 1
	}
	return math.Pow(decay, float64(depth+1-id))
}
