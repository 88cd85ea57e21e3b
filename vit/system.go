package vit

import (
	"cmp"
	"fmt"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

// How runs, inference and commands use the network: package vit as a [system.System], the smallest one. Go on with
// package system, then with package run, which trains any system.

// System is the plain network with one head, for images or for videos: the smallest system, and the baseline of the others.
var System = system.System{
	Name: "vit", Kind: recipe.Finetune,
	Check: check,
	Build: func(s *nn.Scope, r recipe.Recipe) system.Model {
		init := nn.TruncatedNormal(nn.InitStd(r.Model.Dim), 2)
		m := New(s, Config(r.Model.Encoder), r.Classes(OneHead(r)), init)
		return &classifier{m, Classification{m, r}}
	},
	Start: StartClassifier,
	Heads: func(r recipe.Recipe) map[data.Modality]string { return map[data.Modality]string{OneHead(r): "head."} },
	Group: Group, Presets: []system.Preset{{Name: "vit", Of: Preset}},
}

// OneHead returns the modality of the one head of a model for images or for videos.
func OneHead(r recipe.Recipe) data.Modality {
	if r.Model.VideoClasses > 0 {
		return data.Video
	}
	return data.Image
}

func check(r recipe.Recipe) error {
	return cmp.Or(CheckOneHead(r), Config(r.Model.Encoder).Check())
}

// CheckOneHead returns an error unless a recipe has classes for one modality alone.
func CheckOneHead(r recipe.Recipe) error {
	if images, videos := r.Model.ImageClasses, r.Model.VideoClasses; min(images, videos) != 0 || max(images, videos) < 1 {
		return fmt.Errorf("model.image_classes is %d and model.video_classes %d: system %s has one head, so that one of them must be 0", images, videos, r.System)
	}
	return nil
}

// classifier is a Model as runs and inference use it.
type classifier struct {
	*Model
	Classification
}

func (c *classifier) MACs(m data.Modality) int {
	return c.Config.MACs(c.TokensOf(m)) + c.Dim*c.Classes(m)
}

// Classification is what systems whose models have one head have in common: loss, logits and features of a network in a run.
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

// Preset is the network of a size of [Sizes], for videos of seven classes.
func Preset(size string) (r recipe.Recipe, ok bool) {
	c, ok := Sizes[size]
	r.Model.Encoder = recipe.Encoder(c)
	r.Name, r.Kind, r.System = "vit-"+size, recipe.Finetune, "vit"
	r.Model.VideoClasses = 7
	return r, ok
}
