// Package system is the interface between families of models on one side and runs, inference and commands on the other.
// Packages vit, s4d, feadapter, s2d, mae and mobilefacenet each implement it, and package systems lists them.
//
// To add a system, write a package with a value of type [System] and add one line to package systems.
package system

import (
	"slices"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
)

// System is a family of models. All functions are required unless their comment allows nil.
type System struct {
	Name string // as used in recipes and commands
	Kind string // of its runs: recipe.Pretrain, recipe.Finetune or recipe.Landmarks

	// Keys are those of a recipe that not all systems read, and this one does, such as "model.experts". A run of a system without them
	// refuses a recipe that sets them.
	Keys []string

	// Check returns an error naming the first setting of a recipe that the models don't support.
	Check func(r recipe.Recipe) error
	// Build makes the model of a checked recipe in a scope, which determines where parameters come from and how they are
	// stored.
	Build func(s *nn.Scope, r recipe.Recipe) Model

	// Start returns how a run loads its initial weights from a file: how names map, what may be missing, and what may be
	// unused. Heads may always be either.
	Start func(file nn.Weights, r recipe.Recipe, init nn.Source) (*nn.Load, error)
	// Identify returns the recipe of a file that carries none, such as a published checkpoint, with what can be inferred from
	// its tensors: model, sampling and classes. nil if the system has no such files; ok is false for a file of another system.
	Identify func(file nn.Weights) (r recipe.Recipe, ok bool, err error)

	// Heads returns the name prefix of the parameters of each modality's head.
	Heads func(r recipe.Recipe) map[data.Modality]string
	// Group returns the learning-rate factor and the weight decay of a parameter.
	Group func(r recipe.Recipe, name string, shape []int) (lrScale, decay float64)
	// Frozen lists patterns of parameters that runs of the system never train, in the form of train.freeze; nil if all are
	// trained.
	Frozen func(r recipe.Recipe) []string
	// Extractor describes the feature extractor of the models of a recipe; nil, as is what it returns, if they have none.
	Extractor func(r recipe.Recipe) *Extractor
	// Presets are models of published sizes, called NAME-SIZE in commands. The system's own name is the first; nil if it has none.
	Presets []Preset
	// ClassTokens says that each frame of a sample is a sequence of tokens of its own, which begins with a class token: the head reads
	// these, not the tokens of patches.
	ClassTokens bool
}

// Preset makes recipes with a published model of each size.
type Preset struct {
	Name string
	Of   func(size string) (r recipe.Recipe, ok bool)
}

// Extractor is a frozen network whose features models read: see nn.Scope.Extractor. Where a run begins its weights come from a file of
// their own, or from that of another model that has them; then they are part of the model's.
type Extractor struct {
	Prefix string // of the names of its parameters in a model
	Needed string // what to do without its weights
	// Open returns the source of its parameters, by their own names, in a file of either kind. A file without them is an error.
	Open func(file nn.Weights) (nn.Source, error)
}

// Model is what a system builds.
type Model interface {
	// Loss builds the computation of one training batch, up to a scalar.
	Loss(t *ag.Tape, b *Batch) *ag.Value
	// MACs counts the multiply-adds of a forward pass on one sample of a modality, as computed in Loss.
	MACs(m data.Modality) int
}

// StepFactor is the cost of a training step over that of its forward pass where all is learned: each product needs two of the same size in
// the backward pass, one for each operand. AdamW is not counted.
const StepFactor = 3

// Tuned is a model of which runs learn a small part.
type Tuned interface {
	// GradientMACs counts the multiply-adds of the backward pass on one sample, for those parameters that are not frozen.
	GradientMACs(m data.Modality) int
}

// StepMACs counts the multiply-adds of a training step on one sample. What is frozen makes it cheaper in models that are [Tuned]; in others
// every parameter counts as learned.
func StepMACs(net Model, m data.Modality) int {
	if tuned, ok := net.(Tuned); ok {
		return net.MACs(m) + tuned.GradientMACs(m)
	}
	return StepFactor * net.MACs(m)
}

// FrozenBy returns the patterns of the parameters that a run does not learn: those of its recipe and those of the system.
func (s *System) FrozenBy(r recipe.Recipe) []string {
	if s.Frozen == nil {
		return r.Train.Freeze
	}
	return append(slices.Clip(r.Train.Freeze), s.Frozen(r)...)
}

// ExtractorOf returns the feature extractor of the models of a recipe, nil if they have none.
func (s *System) ExtractorOf(r recipe.Recipe) *Extractor {
	if s.Extractor == nil {
		return nil
	}
	return s.Extractor(r)
}

// Classifier is a model that classifies expressions.
type Classifier interface {
	Model
	// Classes returns the number of classes for a modality, 0 where the model has no head for it.
	Classes(m data.Modality) int
	// Logits classifies pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1]: [B, classes]. key is for models that
	// draw random numbers even in inference.
	Logits(pixels *ag.Value, m data.Modality, key engine.Key) *ag.Value
}

// Embedder is a classifier whose features can be seen.
type Embedder interface {
	// Features returns what the head of a modality reads, [B, D].
	Features(pixels *ag.Value, m data.Modality, key engine.Key) *ag.Value
}

// Follower is a model with work to do after each update, such as maintaining a queue or a running mean. It must not wait for
// the backend.
type Follower interface {
	AfterStep(b *Batch)
}

// Sparse is a model that uses only part of its parameters for each token.
type Sparse interface {
	// ActiveParams returns the number of parameters used for one token, given the total.
	ActiveParams(total int) int
	// ExpertBlocks lists the blocks with experts.
	ExpertBlocks() []int
	// Routes classifies like Logits and returns the choices of each router, Int32 [tokens, k]: flat positions token·experts + expert.
	Routes(pixels *ag.Value, m data.Modality, key engine.Key) []*ag.Value
}

// Locator is a model that finds landmarks of faces.
type Locator interface {
	Model
	// Landmarks maps pixels, bytes [B, T, H, W, 3] or floats [B, 3, T, H, W] in [0, 1], to the points [B·T, 68, 2] in all frames: x and y as
	// shares of the frame's sides.
	Landmarks(pixels *ag.Value) *ag.Value
}

// Reconstructor is a model that predicts pixels.
type Reconstructor interface {
	// Reconstruct hides patches of one sample and predicts them. Both results are pixels [3, T, H, W] in [0, 1].
	Reconstruct(t *ag.Tape, b *Batch) (masked, output []float32, err error)
}
