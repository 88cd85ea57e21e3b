package s4d

import (
	"encoding/json"
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
	"mien/vit"
)

// goldenRecipe is the run of testdata/golden/s4d_*.
var goldenRecipe = recipe.Recipe{
	Kind: recipe.Finetune, System: "s4d",
	Model: recipe.Model{Encoder: recipe.Encoder{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 64, Depth: 3, Heads: 1, MLPRatio: 4},
		Experts: 4, TopK: 2, Position: "1,2", ImageClasses: 7, VideoClasses: 5},
	Train: golden.Finetune(1),
}

var modalities = []data.Modality{data.Image, data.Video}

func openGolden(t *testing.T, m data.Modality) golden.File {
	return golden.Open(t, fmt.Sprintf("s4d_%s.safetensors", m))
}

func goldenBatch(f golden.File, m data.Modality) *system.Batch {
	return &system.Batch{Modality: m, Views: f.Views("input"), Soft: data.SmoothTargets(f.Labels("targets"), goldenRecipe.Classes(m), 0.1)}
}

// Results equal PyTorch's: blocks, gates, feature, logits, loss and all gradients.
func TestGolden(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		for _, modality := range modalities {
			b := cpu.New()
			m, params := golden.Load[*classifier](t, b, "s4d_tiny.safetensors", System, goldenRecipe)
			f := openGolden(t, modality)
			batch := goldenBatch(f, modality)
			tape := ag.NewTape(b)
			pixels := batch.Pixels(tape)
			x := m.Encoder.Embed.Forward(m.Encoder.Patchify(pixels, nil)) // by hand, to see between the blocks
			f.Check("patch_embed", x.Data(), golden.Activation)
			x = ag.Add(x, vit.FirstRows(x, m.Encoder.Position))
			for i, block := range m.Encoder.Blocks {
				x, _ = Block(block, m.MoAE[i], x, moae.Pass{})
				f.Check(fmt.Sprintf("blocks.%d", i), x.Data(), golden.Activation)
			}

			out := m.Forward(pixels, modality, moae.Pass{})
			for i, r := range out.Routing {
				f.CheckGates(fmt.Sprintf("gates.%d", m.MoAEBlocks[i]), r.Choice.Data(), r.Gates.Data())
			}
			f.Check("feature", out.Feature.Data(), golden.Activation)
			f.Check("logits", out.Logits.Data(), golden.Activation)
			f.Check("targets", batch.Targets(tape).Data(), 1e-7)

			f.CheckLoss(m.Loss(tape, batch), params, "noise_linear")
			tape.Close()
		}
	})
}

// Ten steps on images, on videos, and on both in turn give PyTorch's parameters.
func TestGoldenSteps(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		batches := map[data.Modality]*system.Batch{}
		for _, modality := range modalities {
			f := openGolden(t, modality)
			batches[modality] = goldenBatch(f, modality)
			b := cpu.New()
			m, params := golden.Load[*classifier](t, b, "s4d_tiny.safetensors", System, goldenRecipe)
			f.CheckSteps(b, params, System, goldenRecipe, func(_ int, tape *ag.Tape) *ag.Value { return m.Loss(tape, batches[modality]) })
		}
		joint := golden.Open(t, "s4d_joint.safetensors")
		var order []int
		require.NoError(t, json.Unmarshal([]byte(joint.Metadata()["order"]), &order))
		b := cpu.New()
		m, params := golden.Load[*classifier](t, b, "s4d_tiny.safetensors", System, goldenRecipe)
		joint.CheckSteps(b, params, System, goldenRecipe, func(i int, tape *ag.Tape) *ag.Value {
			return m.Loss(tape, batches[modalities[order[i]]])
		})
	})
}
