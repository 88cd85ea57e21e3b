package s4d

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/moae"
	"mien/recipe"
	"mien/system"
)

// moeRecipe is the run of testdata/golden/vitmoe_*: every setting of V-MoE, noise included.
var moeRecipe = recipe.Recipe{
	Kind: recipe.Finetune, System: "vitmoe",
	Model: recipe.Model{Encoder: recipe.Encoder{ImageSize: 12, Frames: 6, PatchSize: 4, Tubelet: 2, Dim: 24, Depth: 3, Heads: 3, MLPRatio: 3},
		Experts: 5, TopK: 2, Position: "1,2", ImageClasses: 7, VideoClasses: 6,
		SoftmaxFirst: true, FixedNoise: true, Capacity: 1.05, Priority: "scores", Balance: 0.02, Importance: 0.03, Load: 0.05},
	Train: recipe.Train{Epochs: 5, WarmupEpochs: 1.5, LR: 1e-3, MinLR: 1e-5, Beta2: 0.999, WeightDecay: 0.05, LayerDecay: 1, RouterNoise: true},
}

// moeBatch is the batch of every golden step: all draw the same noise.
func moeBatch(t *testing.T, m data.Modality) (golden.File, *system.Batch) {
	f := golden.Open(t, fmt.Sprintf("vitmoe_%s.safetensors", m))
	return f, &system.Batch{Seed: 9, Modality: m, Views: f.Views("input"), Soft: data.SmoothTargets(f.Labels("targets"), moeRecipe.Classes(m), 0.1)}
}

// ViT-MoE computes what PyTorch does: gates of noisy choices, tokens dropped by batch priority, losses of balance and all gradients.
func TestViTMoEGolden(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		for _, modality := range modalities {
			b := cpu.New()
			m, params := golden.Load[*classifier](t, b, "vitmoe_tiny.safetensors", ViTMoE, moeRecipe)
			f, batch := moeBatch(t, modality)
			tape := ag.NewTape(b)
			key := batch.Key("router")
			out := m.Forward(batch.Pixels(tape), modality, moae.Pass{Training: true, Noise: &key})
			require.Len(t, out.Routing, 2)
			for i, r := range out.Routing {
				f.CheckGates(fmt.Sprintf("gates.%d", m.MoAEBlocks[i]), r.Choice.Data(), r.Gates.Data())
			}
			f.Check("balance", out.Balance.Data(), golden.Activation)
			f.Check("feature", out.Feature.Data(), golden.Activation)
			f.Check("logits", out.Logits.Data(), golden.Activation)

			f.CheckLoss(m.Loss(tape, batch), params)
			tape.Close()
		}
	})
}

// Ten steps give PyTorch's losses and parameters.
func TestViTMoEGoldenSteps(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		for _, modality := range modalities {
			b := cpu.New()
			m, params := golden.Load[*classifier](t, b, "vitmoe_tiny.safetensors", ViTMoE, moeRecipe)
			f, batch := moeBatch(t, modality)
			f.CheckSteps(b, params, ViTMoE, moeRecipe, func(_ int, tape *ag.Tape) *ag.Value { return m.Loss(tape, batch) })
		}
	})
}
