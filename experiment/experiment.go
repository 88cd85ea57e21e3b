// Package experiment is the life of a run: from a recipe and lists to batches, through pre-training and fine-tuning into
// a run folder, and from there to evaluation and prediction. The command is a thin shell around it.
//
// A run folder holds, when finished:
//
//	recipe.toml              the recipe as it ran, the seed included
//	log.jsonl                one JSON object for each step and evaluation
//	checkpoint.safetensors   parameters and optimizer after the last finished epoch, for --resume
//	best.safetensors         the model of the best evaluated epoch, where there was something to evaluate on
//	model.safetensors        the model after the last epoch
//	metrics.json             final losses, recalls and environment
package experiment

import (
	"mien/data"
	"mien/recipe"
)

// evalTransform resizes and normalises, as everything is seen that is not learned from; what is, by recipe.Recipe.View.
func evalTransform(r recipe.Recipe) data.Transform {
	return data.Transform{H: r.Model.ImageSize, W: r.Model.ImageSize}
}
