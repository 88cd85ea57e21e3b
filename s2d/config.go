package s2d

import (
	"cmp"
	"errors"
	"fmt"

	"mien/mobilefacenet"
	"mien/recipe"
	"mien/vit"
)

// The sizes of the model.

// Config is everything that shapes the model.
type Config struct {
	Encoder          vit.Config // its tubelets are of one frame
	Classes          int
	PromptWidth      int     // of a prompter's bottleneck; 0 is no prompters, and no landmarks
	LandmarkChannels int     // of the landmark network's features, on as many positions as there are patches
	AdapterWidth     int     // of a temporal adapter's bottlenecks; 0 is no adapters
	AdapterHeads     int     // of its attention
	Dropout          float64 // of the feature, in training
}

// FromRecipe returns the model of a recipe. Without model.temporal, or with a width of 0, it is the image model; without model.prompter it
// reads no landmarks.
func FromRecipe(r recipe.Recipe) Config {
	m := r.Model
	c := Config{Encoder: vit.Config(m.Encoder), Classes: max(m.ImageClasses, m.VideoClasses), Dropout: m.Dropout}
	if p := m.Prompter; p != nil && p.Width != 0 {
		c.PromptWidth, c.LandmarkChannels = p.Width, mobilefacenet.Channels(p.LandmarkWidth)
	}
	if t := m.Temporal; t != nil && t.Width != 0 {
		c.AdapterWidth, c.AdapterHeads = t.Width, t.Heads
	}
	return c
}

// distillation returns the self-distillation of a recipe, nil without one.
func distillation(r recipe.Recipe) *recipe.Distillation {
	if d := r.Train.Distillation; d != nil && d.Anchors != 0 {
		return d
	}
	return nil
}

// Prompts reports whether the model reads landmarks.
func (c Config) Prompts() bool { return c.PromptWidth > 0 }

// Joins reports whether the model sees more than one frame at a time.
func (c Config) Joins() bool { return c.AdapterWidth > 0 }

// check returns an error naming the first setting of a recipe that the model cannot have.
func check(r recipe.Recipe) error {
	return cmp.Or(vit.CheckOneHead(r), vit.Config(r.Model.Encoder).CheckFrames(),
		checkPrompter(r.Model.Prompter), checkTemporal(r), checkDistillation(r))
}

func checkPrompter(p *recipe.Prompter) error {
	if p == nil || p.Width == 0 {
		return nil
	}
	return cmp.Or(recipe.Within("model.prompter.width", p.Width, 0, vit.MaxExtent),
		recipe.Within("model.prompter.landmark_width", p.LandmarkWidth, 1, mobilefacenet.MaxWidth))
}

func checkTemporal(r recipe.Recipe) error {
	switch t := r.Model.Temporal; {
	case t == nil || t.Width == 0:
		return nil
	case r.Model.VideoClasses == 0:
		return errors.New("model.temporal joins the frames of videos, and the model is for images: leave it out, or set model.video_classes")
	case t.Heads < 1 || t.Width < 0 || t.Width > vit.MaxExtent || t.Width%t.Heads != 0:
		return fmt.Errorf("model.temporal.width is %d and heads %d: the width must be a multiple of the heads, and at most %d",
			t.Width, t.Heads, vit.MaxExtent)
	}
	return nil
}

// Bounds of self-distillation, far above what is published: 16 anchors of a class keep queues small.
const (
	maxAnchors = 1 << 12
	maxEvery   = 1 << 20
	maxWeight  = 1000
)

func checkDistillation(r recipe.Recipe) error {
	d := distillation(r)
	if d == nil {
		return nil
	}
	if err := cmp.Or(
		recipe.Within("train.distillation.anchors", d.Anchors, 0, maxAnchors), recipe.Within("train.distillation.nearest", d.Nearest, 1, d.Anchors),
		recipe.Within("train.distillation.takes_from", d.TakesFrom, 0, 1), recipe.Within("train.distillation.update_every", d.UpdateEvery, 0, maxEvery),
	); err != nil {
		return err
	}
	if len(d.Starts) == 0 || len(d.Starts) != len(d.Weights) {
		return fmt.Errorf("train.distillation has %d starts and %d weights: each start needs its weight", len(d.Starts), len(d.Weights))
	}
	before := 0.0
	for i, start := range d.Starts {
		if err := cmp.Or(recipe.Within("a number of train.distillation.starts", start, before, 1),
			recipe.Within("a number of train.distillation.weights", d.Weights[i], 0, maxWeight)); err != nil {
			return err
		}
		before = start
	}
	if r.Mixing().On() {
		return errors.New("train.distillation needs samples of one class each, and train.mixup or train.cutmix mixes them: leave either out")
	}
	return nil
}
