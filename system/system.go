// Package system says what a family of models must tell about itself, so that runs, inference and commands can work with it without
// knowing it: package vit is one, packages s4d and mae are others, and package systems lists them.
//
// A system joins by one package that has a value of [System] and by one line in package systems.
package system

import (
	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
)

// System is a family of models. All its functions are there, but for those that say otherwise.
type System struct {
	Name string // as recipes and commands call it
	Kind string // of its runs: recipe.Pretrain or recipe.Finetune

	// Check names the first setting of a recipe that the models can't have.
	Check func(r recipe.Recipe) error
	// Build makes the model of a checked recipe in a scope, which says where parameters come from and how they are kept.
	Build func(s *nn.Scope, r recipe.Recipe) Model

	// Start says how a run takes a weights file as its beginning: what is called how there, what may be missing, and what unused. Heads may
	// always be both.
	Start func(file nn.Weights, r recipe.Recipe, init nn.Source) (*nn.Load, error)
	// Identify returns the recipe of a file that carries none, such as a published checkpoint, as far as its tensors tell: model, sampling
	// and classes. nil where the system has no such files; ok is false for a file of another system.
	Identify func(file nn.Weights) (r recipe.Recipe, ok bool, err error)

	// Heads returns how the names of the parameters of each modality's head begin.
	Heads func(r recipe.Recipe) map[data.Modality]string
	// Group returns the factor on the learning rate and the weight decay of a parameter.
	Group func(r recipe.Recipe, name string, shape []int) (lrScale, decay float64)
	// Frozen lists parameters that runs of the system never learn, as train.freeze does; nil where all are learned.
	Frozen func(r recipe.Recipe) []string
	// Preset returns a recipe with the model of a published size, which commands call NAME-SIZE.
	Preset func(size string) (r recipe.Recipe, ok bool)
}

// Model is what a system builds.
type Model interface {
	// Loss builds the computation of one training batch, up to a scalar.
	Loss(t *ag.Tape, b *Batch) *ag.Value
	// MACs counts the multiply-adds of a forward pass on one sample of a modality, as Loss would need it.
	MACs(m data.Modality) int
}

// Classifier is a model that names expressions.
type Classifier interface {
	Model
	// Classes returns the number of classes for a modality, 0 where the model has no head for it.
	Classes(m data.Modality) int
	// Logits classifies pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1]: [B, classes]. key is for models that draw
	// random numbers even then.
	Logits(pixels *ag.Value, m data.Modality, key engine.Key) *ag.Value
}

// Follower is a model that does something after each update, such as keeping a queue or a running mean. It must not wait for the
// backend.
type Follower interface {
	AfterStep(b *Batch)
}

// Sparse is a model of which a part alone works on each token.
type Sparse interface {
	// ActiveParams returns the number of parameters that work on a token, of so many in all.
	ActiveParams(total int) int
	// ExpertBlocks lists the blocks with experts.
	ExpertBlocks() []int
	// Routes classifies like Logits and returns the choices of each router, Int32 [tokens, k]: flat positions token·experts + expert.
	Routes(pixels *ag.Value, m data.Modality, key engine.Key) []*ag.Value
}

// Reconstructor is a model that guesses pixels.
type Reconstructor interface {
	// Reconstruct hides patches of one sample and guesses them. All are pixels [3, T, H, W] in [0, 1].
	Reconstruct(t *ag.Tape, b *Batch) (masked, output []float32, err error)
}
