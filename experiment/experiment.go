// Package experiment is the life of a run: from a recipe and lists to batches, through pre-training and fine-tuning into
// a run folder, and from there to evaluation and prediction. The command is a thin shell around it.
//
// A run folder holds, when finished:
//
//	recipe.toml              the recipe as it ran, the seed included
//	log.jsonl                one JSON object for each step and evaluation
//	checkpoint.safetensors   parameters and optimizer after the last finished epoch, for --resume
//	best.safetensors         the model of the best evaluation during training, if there was one
//	model.safetensors        the model after the last epoch
//	metrics.json             final losses, recalls and environment
package experiment

import (
	"mien/data"
	"mien/recipe"
)

// Normalised pixels come from one of two transforms: random views for training, plain ones for evaluation.

// trainTransform returns the augmentation of a modality.
func trainTransform(r recipe.Recipe, m data.Modality) data.Transform {
	v := r.Views
	t := data.Transform{H: r.Model.ImageSize, W: r.Model.ImageSize,
		Brightness: v.Brightness, Contrast: v.Contrast, Saturation: v.Saturation}
	t.CropMin, t.Flip = v.VideoCrop, v.VideoFlip
	if m == data.Image {
		t.CropMin, t.Flip = v.ImageCrop, v.ImageFlip
	}
	return t
}

// evalTransform resizes and normalises.
func evalTransform(r recipe.Recipe) data.Transform {
	return data.Transform{H: r.Model.ImageSize, W: r.Model.ImageSize}
}
