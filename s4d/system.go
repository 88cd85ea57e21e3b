package s4d

import (
	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/moae"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/vit"
)

// How runs, inference and commands use the model: package s4d as a [system.System]. Go on with package run, which trains
// any system.

// System is joint fine-tuning on images and videos (S4D section III-C).
var System = system.System{
	Name: "s4d", Kind: recipe.Finetune,
	Check: func(r recipe.Recipe) error {
		c, err := FromRecipe(r)
		if err != nil {
			return err
		}
		return c.Check()
	},
	Build: func(s *nn.Scope, r recipe.Recipe) system.Model {
		c, err := FromRecipe(r)
		if err != nil {
			panic(&engine.ShapeError{Op: "s4d", Got: err, Want: "a recipe that passed Check"})
		}
		return &classifier{New(s, c), r}
	},
	Start:    vit.StartClassifier,
	Identify: identify,
	Heads: func(recipe.Recipe) map[data.Modality]string {
		return map[data.Modality]string{data.Image: "head.image.", data.Video: "head.video."}
	},
	Group: vit.Group,
	// Published are experts in the later half of the blocks.
	Preset: func(size string) (r recipe.Recipe, ok bool) {
		r, ok = vit.System.Preset(size)
		r.Name, r.System = "s4d-"+size, "s4d"
		r.Model.Experts, r.Model.TopK, r.Model.Position, r.Model.ImageClasses = 8, 2, "later", 7
		return r, ok
	},
}

// FromRecipe returns the model of a recipe. Without experts it is the plain vision transformer with two heads.
func FromRecipe(r recipe.Recipe) (Config, error) {
	m := r.Model
	c := Config{Encoder: vit.Config(m.Encoder), ImageClasses: m.ImageClasses, VideoClasses: m.VideoClasses,
		MoAE: moae.Config{Experts: m.Experts, TopK: m.TopK, Hidden: m.ExpertHidden, Residual: m.Residual,
			NoiseInEval: m.NoiseInEval, Capacity: m.Capacity, Balance: m.Balance}}
	var err error
	if m.Experts > 0 {
		c.MoAEBlocks, err = Positions(m.Position, m.Depth)
	}
	return c, err
}

// classifier is a Model with the recipe of its run.
type classifier struct {
	*Model
	recipe recipe.Recipe
}

func (c *classifier) Loss(t *ag.Tape, b *system.Batch) *ag.Value {
	pass := moae.Pass{Training: true}
	if c.recipe.Train.RouterNoise {
		key := b.Key("router")
		pass.Noise = &key
	}
	out := c.Forward(b.Pixels(t), b.Modality, pass)
	return Loss(out, b.Targets(t, c.Classes(b.Modality), c.recipe.Train.LabelSmoothing))
}

func (c *classifier) Logits(pixels *ag.Value, m data.Modality, key engine.Key) *ag.Value {
	return c.Forward(pixels, m, moae.Pass{Noise: &key}).Logits
}

// Features implements system.Embedder.
func (c *classifier) Features(pixels *ag.Value, m data.Modality, key engine.Key) *ag.Value {
	return c.Forward(pixels, m, moae.Pass{Noise: &key}).Feature
}

// Routes implements system.Sparse.
func (c *classifier) Routes(pixels *ag.Value, m data.Modality, key engine.Key) []*ag.Value {
	var choices []*ag.Value
	for _, r := range c.Forward(pixels, m, moae.Pass{Noise: &key}).Routing {
		choices = append(choices, r.Choice)
	}
	return choices
}

func (c *classifier) ExpertBlocks() []int { return c.MoAEBlocks }

func (c *classifier) MACs(m data.Modality) int {
	return c.Config.MACs(c.Config.Encoder.TokensOf(m), c.Classes(m))
}
