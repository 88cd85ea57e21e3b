package mae

import (
	"fmt"
	"testing"

	ag "mien/autograd"
	"mien/data"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/recipe"
	"mien/system"
)

// goldenRecipe is the run of testdata/golden/mae_*.
var goldenRecipe = recipe.Recipe{
	Kind: recipe.Pretrain, System: "mae",
	Model: recipe.Model{Encoder: recipe.Encoder{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 64, Depth: 2, Heads: 1, MLPRatio: 4},
		DecoderDim: 64, DecoderDepth: 1, DecoderHeads: 1},
	Train: recipe.Train{Epochs: 5, WarmupEpochs: 1, LR: 1e-3, MinLR: 1e-6, Beta2: 0.95, WeightDecay: 0.05, ImageMask: 0.5, VideoMask: 0.5},
}

// Results equal PyTorch's: targets and predictions of the hidden patches, loss, all gradients, and ten steps.
func TestGolden(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		for _, modality := range []data.Modality{data.Image, data.Video} {
			b := cpu.New()
			m, params := golden.Load[*learner](t, b, "mae_tiny.safetensors", System, goldenRecipe)
			f := golden.Open(t, fmt.Sprintf("mae_%s.safetensors", modality))
			batch := &system.Batch{Modality: modality, Views: f.Views("input")}
			hidden, shape := f.Values("mask")
			mask := NewMask(shape[0], shape[1], hidden)

			tape := ag.NewTape(b)
			out := m.Forward(batch.Pixels(tape), mask)
			f.CheckRows("target", hidden, out.Target.Data(), golden.Activation)
			f.CheckRows("pred", hidden, out.Pred.Data(), golden.Activation)
			f.CheckLoss(out.Loss, params)
			tape.Close()

			f.CheckSteps(b, params, System, goldenRecipe, func(_ int, tape *ag.Tape) *ag.Value {
				return m.Forward(batch.Pixels(tape), mask).Loss
			})
		}
	})
}
