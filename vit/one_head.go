package vit

import (
	"fmt"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/recipe"
	"mien/system"
)

// What systems whose models have one head, for images or for videos, have in common.

// OneHead returns the modality of the one head of a model for images or for videos.
func OneHead(r recipe.Recipe) data.Modality {
	if r.Model.VideoClasses > 0 {
		return data.Video
	}
	return data.Image
}

// CheckOneHead returns an error unless a recipe has classes for one modality alone.
func CheckOneHead(r recipe.Recipe) error {
	if images, videos := r.Model.ImageClasses, r.Model.VideoClasses; min(images, videos) != 0 || max(images, videos) < 1 {
		return fmt.Errorf("model.image_classes is %d and model.video_classes %d: system %s has one head, so that one of them must be 0",
			images, videos, r.System)
	}
	return nil
}

// Classification is a network with one head in a run: its loss, logits and features.
type Classification struct {
	Network interface {
		Forward(pixels *ag.Value) *ag.Value // logits [B, classes]
		Feature(pixels *ag.Value) *ag.Value // what the head reads, [B, D]
	}
	Recipe recipe.Recipe
}

// Loss is the cross-entropy of a batch.
func (c Classification) Loss(t *ag.Tape, b *system.Batch) *ag.Value {
	return ag.CrossEntropy(c.Network.Forward(b.Pixels(t)), b.Targets(t))
}

// Classes implements system.Classifier.
func (c Classification) Classes(m data.Modality) int { return c.Recipe.Classes(m) }

// Logits implements system.Classifier.
func (c Classification) Logits(pixels *ag.Value, _ data.Modality, _ engine.Key) *ag.Value {
	return c.Network.Forward(pixels)
}

// Features implements system.Embedder.
func (c Classification) Features(pixels *ag.Value, _ data.Modality, _ engine.Key) *ag.Value {
	return c.Network.Feature(pixels)
}
