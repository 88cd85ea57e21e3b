package vit

import (
	"math"
	"strconv"
	"strings"

	"mien/recipe"
)

// Group applies the published rule for fine-tuning: layer-wise learning-rate decay, and no weight decay for vectors.
func Group(r recipe.Recipe, name string, shape []int) (lrScale, decay float64) {
	lrScale = LayerScale(name, r.Model.Depth, r.Train.LayerDecay)
	if len(shape) > 1 {
		decay = r.Train.WeightDecay
	}
	return lrScale, decay
}

// LayerScale returns the learning-rate factor of a parameter under layer decay: decay^(depth + 1 − id), with id 0 for the patch
// embedding, l + 1 for block l, and depth + 1 for fc_norm and the heads.
func LayerScale(name string, depth int, decay float64) float64 {
	return math.Pow(decay, float64(depth+1-layerID(name, depth)))
}

func layerID(name string, depth int) int {
	parts := strings.Split(name, ".")
	switch parts[0] {
	case "patch_embed":
		return 0
	case "blocks":
		if l, err := strconv.Atoi(parts[1]); err == nil {
			return l + 1
		}
	}
	return depth + 1
}
