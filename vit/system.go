package vit

import (
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
		return &classifier{New(s, Config(r.Model.Encoder), r.Classes(modality(r)), init), r}
	},
	Start: StartClassifier,
	Heads: func(r recipe.Recipe) map[data.Modality]string { return map[data.Modality]string{modality(r): "head."} },
	Group: Group, Preset: preset,
}

// modality returns the modality of the one head.
func modality(r recipe.Recipe) data.Modality {
	if r.Model.VideoClasses > 0 {
		return data.Video
	}
	return data.Image
}

func check(r recipe.Recipe) error {
	if images, videos := r.Model.ImageClasses, r.Model.VideoClasses; min(images, videos) != 0 || max(images, videos) < 1 {
		return fmt.Errorf("model.image_classes is %d and model.video_classes %d: the plain vit has one head, so that one of them must be 0", images, videos)
	}
	return Config(r.Model.Encoder).Check()
}

// classifier is a Model with the recipe of its run.
type classifier struct {
	*Model
	recipe recipe.Recipe
}

func (c *classifier) Loss(t *ag.Tape, b *system.Batch) *ag.Value {
	return ag.CrossEntropy(c.Forward(b.Pixels(t)), b.Targets(t))
}

func (c *classifier) Classes(m data.Modality) int { return c.recipe.Classes(m) }

func (c *classifier) Logits(pixels *ag.Value, _ data.Modality, _ engine.Key) *ag.Value {
	return c.Forward(pixels)
}

// Features implements system.Embedder.
func (c *classifier) Features(pixels *ag.Value, _ data.Modality, _ engine.Key) *ag.Value {
	return c.Feature(pixels)
}

func (c *classifier) MACs(m data.Modality) int {
	return c.Config.MACs(c.TokensOf(m)) + c.Dim*c.Classes(m)
}

func preset(size string) (r recipe.Recipe, ok bool) {
	c, ok := Sizes[size]
	r.Model.Encoder = recipe.Encoder(c)
	r.Name, r.Kind, r.System = "vit-"+size, recipe.Finetune, "vit"
	r.Model.VideoClasses = 7
	return r, ok
}
