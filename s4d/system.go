package s4d

import (
	"cmp"
	"fmt"
	"slices"

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
	Name: "s4d", Kind: recipe.Finetune, Keys: slices.Concat(headKeys, expertKeys, []string{"model.residual"}),
	Check: check, Build: build, Heads: heads, Group: vit.Group,
	Start:    vit.StartClassifier,
	Identify: identify,
	// Published are experts in the later half of the blocks.
	Preset: func(size string) (r recipe.Recipe, ok bool) {
		r, ok = twoHeads("s4d", size)
		r.Model.Experts, r.Model.TopK, r.Model.Position = 8, 2, "later"
		return r, ok
	},
}

// Keys of recipes that only some systems read.
var (
	headKeys   = []string{"model.head_hidden", "train.idle_steps"} // of two heads, one of which a batch does not use
	expertKeys = []string{
		"model.experts", "model.top_k", "model.expert_hidden", "model.position",
		"model.eval_as_training", "model.capacity", "model.balance",
		"model.fixed_noise", "model.softmax_first", "model.priority", "model.importance", "model.load",
		"train.router_noise",
	}
)

func check(r recipe.Recipe) error {
	c, err := FromRecipe(r)
	switch {
	case err != nil:
		return err
	case r.Model.Load > 0 && !r.Train.RouterNoise:
		return fmt.Errorf("model.load is %v, the coefficient of a loss of noisy choices: set train.router_noise, or load = 0", r.Model.Load)
	case r.Model.Priority != "" && r.Model.Capacity == 0:
		return fmt.Errorf("model.priority is %q, and experts have room for all tokens: set model.capacity, or leave it out", r.Model.Priority)
	}
	return c.Check()
}

func build(s *nn.Scope, r recipe.Recipe) system.Model {
	c, err := FromRecipe(r)
	if err != nil {
		panic(&engine.ShapeError{Op: r.System, Got: err, Want: "a recipe that passed Check"})
	}
	return &classifier{New(s, c), r}
}

func heads(recipe.Recipe) map[data.Modality]string {
	return map[data.Modality]string{data.Image: "head.image.", data.Video: "head.video."}
}

// twoHeads is the plain vision transformer of a published size, for a system with a head for each modality.
func twoHeads(name, size string) (r recipe.Recipe, ok bool) {
	r, ok = vit.System.Preset(size)
	r.Name, r.System = name+"-"+size, name
	r.Model.ImageClasses = 7
	return r, ok
}

// FromRecipe returns the model of a recipe of this package's systems. Without experts it is the plain vision transformer with two heads.
func FromRecipe(r recipe.Recipe) (Config, error) {
	m := r.Model
	c := Config{Encoder: vit.Config(m.Encoder), ImageClasses: m.ImageClasses, VideoClasses: m.VideoClasses, HeadHidden: m.HeadHidden,
		MoAE: moae.Config{Experts: m.Experts, TopK: m.TopK, Hidden: m.ExpertHidden, Residual: m.Residual,
			EvalAsTraining: m.EvalAsTraining, Capacity: m.Capacity, Balance: m.Balance,
			FixedNoise: m.FixedNoise, SoftmaxFirst: m.SoftmaxFirst, Importance: m.Importance, Load: m.Load}}
	if c.InPlace = r.System == vitmoe; c.InPlace { // experts are MLPs, not adapters
		c.MoAE.Hidden, c.MoAE.Residual = cmp.Or(c.MoAE.Hidden, m.MLPRatio*m.Dim), false
	}
	var known bool
	if c.MoAE.Priority, known = priorities[m.Priority]; !known {
		return c, fmt.Errorf("model.priority is %q: choose tokens, choices or scores", m.Priority)
	}
	var err error
	if m.Experts > 0 && r.System != vitmtl {
		c.MoAEBlocks, err = Positions(m.Position, m.Depth)
	}
	return c, err
}

// priorities are the names of what an expert without room for all takes first.
var priorities = map[string]ag.Priority{"": ag.ByToken, "tokens": ag.ByToken, "choices": ag.ByChoice, "scores": ag.ByScore}

// classifier is a Model with the recipe of its run.
type classifier struct {
	*Model
	recipe recipe.Recipe
}

func (c *classifier) Loss(t *ag.Tape, b *system.Batch) *ag.Value {
	pass := moae.Pass{Training: true, Groups: b.Groups}
	if c.recipe.Train.RouterNoise {
		key := b.Key("router")
		pass.Noise = &key
	}
	out := c.Forward(b.Pixels(t), b.Modality, pass)
	return Loss(out, b.Targets(t))
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
