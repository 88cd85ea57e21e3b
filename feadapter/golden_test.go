package feadapter

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

// The runs of testdata/golden/feadapter_*: no two sizes are the same. Each has another kind of adapter at another place.
var adapters = map[string]*recipe.Adapter{
	"fe":    {Width: 7, Kernel: []int{3, 1, 3}, Stretch: "axes", Modulated: true, Activation: true, Place: "before-attention", Blocks: "all"},
	"st":    {Width: 10, Kernel: []int{3, 1, 1}, Depthwise: true, Place: "after-attention", Blocks: "0"},
	"plain": {Width: 6, Activation: true, Place: "after-mlp", Blocks: "early"},
	"image": nil,
}

func goldenRecipe(name string) recipe.Recipe {
	r := recipe.Recipe{Kind: recipe.Finetune, System: "feadapter"}
	r.Model.Encoder = recipe.Encoder{ImageSize: 12, Frames: 4, PatchSize: 4, Tubelet: 1, Dim: 24, Depth: 2, Heads: 3, MLPRatio: 5}
	r.Train = golden.Finetune(0.75)
	if r.Model.Adapter = adapters[name]; r.Model.Adapter == nil {
		r.Model.ImageClasses = 5
		return r
	}
	r.Model.VideoClasses, r.Train.Freeze = 5, Base
	return r
}

// batch has the labels of make_golden.py.
func batch(f golden.File, r recipe.Recipe) *system.Batch {
	if r.Model.Adapter == nil {
		return f.Batch(data.Image, []int{2, 0, 4}, 5)
	}
	return f.Batch(data.Video, []int{3, 1}, 5)
}

// Results equal PyTorch's: every block, features, logits, loss and all gradients, also those of the parameters that runs freeze.
func TestGolden(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		for name := range adapters {
			b, r := cpu.New(), goldenRecipe(name)
			m, params := golden.Load[*classifier](t, b, "feadapter_"+name+"_tiny.safetensors", System, r)
			f := golden.Open(t, "feadapter_"+name+".safetensors")
			batch, tape := batch(f, r), ag.NewTape(b)
			x := m.Encoder.Tokens(m.Encoder.Patches(batch.Pixels(tape)))
			for i := range m.Encoder.Blocks {
				x = m.block(i, x, len(batch.Views))
				if i < len(m.Encoder.Blocks)-1 {
					f.Check(fmt.Sprint("blocks.", i), x.Data(), golden.Activation)
				}
			}
			class := make([]float32, x.Dim(0)*(1+m.Encoder.ImageTokens())) // which alone the last block computes
			for i := range x.Dim(0) {
				class[i*len(class)/x.Dim(0)] = 1
			}
			f.CheckRows(fmt.Sprint("blocks.", len(m.Encoder.Blocks)-1), class, x.Data(), golden.Activation)
			f.Check("feature", m.Features(batch.Pixels(tape), batch.Modality, engine.Key{}).Data(), golden.Activation)
			f.Check("logits", m.Logits(batch.Pixels(tape), batch.Modality, engine.Key{}).Data(), golden.Activation)

			f.CheckLoss(m.Loss(tape, batch), params)
			tape.Close()
		}
	})
}

// Ten steps give PyTorch's parameters, and leave those of a frozen image model as they were.
func TestGoldenSteps(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		for name := range adapters {
			b, r := cpu.New(), goldenRecipe(name)
			m, params := golden.Load[*classifier](t, b, "feadapter_"+name+"_tiny.safetensors", System, r)
			_, err := nn.Freeze(params, r.Train.Freeze)
			require.NoError(t, err)
			f := golden.Open(t, "feadapter_"+name+".safetensors")
			f.CheckSteps(b, params, System, r, func(_ int, tape *ag.Tape) *ag.Value { return m.Loss(tape, batch(f, r)) })
		}
	})
}
