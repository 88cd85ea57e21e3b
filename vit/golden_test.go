package vit

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/recipe"
	"mien/system"
)

// goldenRecipe is the run of testdata/golden/vit_*: no two sizes are the same.
func goldenRecipe(m data.Modality) recipe.Recipe {
	r := recipe.Recipe{Kind: recipe.Finetune, System: "vit"}
	r.Model.Encoder = recipe.Encoder{ImageSize: 12, Frames: 6, PatchSize: 4, Tubelet: 2, Dim: 24, Depth: 2, Heads: 3, MLPRatio: 6}
	r.Model.ImageClasses = 5
	if m == data.Video {
		r.Model.ImageClasses, r.Model.VideoClasses = 0, 5
	}
	r.Train = golden.Finetune(0.75)
	return r
}

var goldenLabels = map[data.Modality][]int{data.Image: {2, 0, 4, 1}, data.Video: {3, 1}}

func goldenBatch(f golden.File, m data.Modality) *system.Batch {
	return f.Batch(m, goldenLabels[m], 5)
}

// Results equal PyTorch's: every block and its attention, logits, loss and all gradients.
func TestGolden(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		for _, modality := range []data.Modality{data.Image, data.Video} {
			b := cpu.New()
			m, params := golden.Load[*classifier](t, b, "vit_tiny.safetensors", System, goldenRecipe(modality))
			f := golden.Open(t, fmt.Sprintf("vit_%s.safetensors", modality))
			batch := goldenBatch(f, modality)
			tape := ag.NewTape(b)
			x := m.Embed.Forward(m.Patchify(batch.Pixels(tape), nil)) // by hand, to see between the blocks
			f.Check("patch_embed", x.Data(), golden.Activation)
			x = ag.Add(x, FirstRows(x, m.Position))
			for i, block := range m.Blocks {
				name := fmt.Sprintf("blocks.%d", i)
				u := block.Norm1.Forward(x)
				f.Check(name+".attn.in", u.Data(), golden.Activation)
				none := tape.Const(engine.Zeros(b, engine.Float32, x.Shape()...))
				f.Check(name+".attn.out", block.Attn.AddTo(none, u).Data(), golden.Activation)
				x = block.Forward(x)
				f.Check(name, x.Data(), golden.Activation)
			}
			f.Check("feature", m.Norm.Forward(ag.MeanAxis(x, 1)).Data(), golden.Activation)
			f.Check("logits", m.Logits(batch.Pixels(tape), modality, engine.Key{}).Data(), golden.Activation)

			f.CheckLoss(m.Loss(tape, batch), params)
			tape.Close()
		}
	})
}

// Ten steps with layer decay and weight decay by the system's parameter groups give PyTorch's parameters.
func TestGoldenSteps(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		for _, modality := range []data.Modality{data.Image, data.Video} {
			b := cpu.New()
			m, params := golden.Load[*classifier](t, b, "vit_tiny.safetensors", System, goldenRecipe(modality))
			f := golden.Open(t, fmt.Sprintf("vit_%s.safetensors", modality))
			f.CheckSteps(b, params, System, goldenRecipe(modality), func(_ int, tape *ag.Tape) *ag.Value {
				return m.Loss(tape, goldenBatch(f, modality))
			})
		}
	})
}

// Bytes and the equivalent floats v/255 are the same pixels.
func TestBytesAndFloatsGiveTheSameLogits(t *testing.T) {
	b := cpu.New()
	m, _ := golden.Load[*classifier](t, b, "vit_tiny.safetensors", System, goldenRecipe(data.Video))
	batch := goldenBatch(golden.Open(t, "vit_video.safetensors"), data.Video)
	logits := func() []float32 {
		tape := ag.NewInferenceTape(b, engine.Full)
		defer tape.Close()
		values, err := engine.Read[float32](m.Forward(batch.Pixels(tape)).Data())
		require.NoError(t, err)
		return values
	}
	want := logits()
	for i, v := range batch.Views {
		batch.Views[i] = data.View{T: v.T, H: v.H, W: v.W, Floats: v.Planar()}
	}
	require.Equal(t, want, logits())
}
