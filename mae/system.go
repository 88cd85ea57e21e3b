package mae

import (
	"fmt"
	"strings"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/vit"
)

// How runs and commands use the masked autoencoder: package mae as a [system.System], the weight decay of its parameters
// and the mask of each training step. Go on with package s4d, which fine-tunes the encoder.

// System is masked pre-training.
var System = system.System{
	Name: "mae", Kind: recipe.Pretrain,
	Keys: []string{
		"model.decoder_dim", "model.decoder_depth", "model.decoder_heads",
		"train.image_mask", "train.video_mask", "train.tube_mask", "train.joint_target",
	},
	Check: check,
	Build: func(s *nn.Scope, r recipe.Recipe) system.Model { return &learner{New(s, FromRecipe(r)), r} },
	Start: func(file nn.Weights, r recipe.Recipe, _ nn.Source) (*nn.Load, error) {
		return &nn.Load{File: file}, vit.SameHeads(file, r)
	},
	Heads: func(recipe.Recipe) map[data.Modality]string { return nil },
	Group: group, Preset: preset,
}

// FromRecipe returns the sizes of a recipe's encoder and decoder.
func FromRecipe(r recipe.Recipe) Config {
	m := r.Model
	return Config{Encoder: vit.Config(m.Encoder), DecoderDim: m.DecoderDim, DecoderDepth: m.DecoderDepth, DecoderHeads: m.DecoderHeads,
		JointTarget: r.Train.JointTarget}
}

func check(r recipe.Recipe) error {
	c := FromRecipe(r)
	if err := c.Check(); err != nil {
		return err
	}
	for _, m := range []data.Modality{data.Image, data.Video} {
		if err := CheckRatio(c.Encoder.TokensOf(m)/times(r, m), ratio(r, m)); err != nil {
			return fmt.Errorf("train.%s_mask: %w", m, err)
		}
	}
	return nil
}

// ratio is the share of patches that a recipe hides in samples of a modality.
func ratio(r recipe.Recipe, m data.Modality) float64 {
	return data.ByModality(m, r.Train.ImageMask, r.Train.VideoMask)
}

// times is the number of times at which the same places are hidden in samples of a modality: 1 without tubes.
func times(r recipe.Recipe, m data.Modality) int {
	if r.Train.TubeMask && m == data.Video {
		return r.Model.Frames / r.Model.Tubelet
	}
	return 1
}

// group applies the released code's rule of weight decay: names ending in ".bias" and layer norms do not decay; all else does,
// including q_bias, v_bias and the mask token.
func group(r recipe.Recipe, name string, _ []int) (lrScale, decay float64) {
	if strings.HasSuffix(name, ".bias") || strings.Contains(name, "norm") {
		return 1, 0
	}
	return 1, r.Train.WeightDecay
}

// learner is a Model with the recipe of its run.
type learner struct {
	*Model
	recipe recipe.Recipe
}

func (l *learner) Loss(t *ag.Tape, b *system.Batch) *ag.Value {
	return l.Forward(b.Pixels(t), l.mask(b)).Loss
}

// mask draws the hidden patches of a batch, as determined by its position in the run. A part of a batch gets the masks that it has in
// the whole.
func (l *learner) mask(b *system.Batch) *Mask {
	rng, times, ratio := b.Stream("mask"), times(l.recipe, b.Modality), ratio(l.recipe, b.Modality)
	places := l.Encoder.TokensOf(b.Modality) / times
	if b.First > 0 {
		TubeMask(b.First, times, places, ratio, rng)
	}
	return TubeMask(len(b.Views), times, places, ratio, rng)
}

func (l *learner) MACs(m data.Modality) int {
	tokens, times := l.Encoder.TokensOf(m), times(l.recipe, m)
	return l.Config.MACs(tokens-times*HiddenPatches(tokens/times, ratio(l.recipe, m)), tokens)
}

// Reconstruct implements system.Reconstructor.
func (l *learner) Reconstruct(t *ag.Tape, b *system.Batch) (masked, output []float32, err error) {
	mask := l.mask(b)
	pred, err := engine.Read[float32](l.Forward(b.Pixels(t), mask).Pred.Data())
	if err != nil {
		return nil, nil, err
	}
	masked, output = l.Paint(b.Views[0].Planar(), pred, mask, b.Views[0].T)
	return masked, output, nil
}

func preset(size string) (r recipe.Recipe, ok bool) {
	c, ok := Sizes[size]
	r.Model.Encoder = recipe.Encoder(c.Encoder)
	r.Name, r.Kind, r.System = "mae-"+size, recipe.Pretrain, "mae"
	r.Model.DecoderDim, r.Model.DecoderDepth, r.Model.DecoderHeads = c.DecoderDim, c.DecoderDepth, c.DecoderHeads
	r.Train.ImageMask, r.Train.VideoMask = 0.9, 0.95 // published
	return r, ok
}
