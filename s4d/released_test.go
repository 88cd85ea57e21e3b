package s4d

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/nn"
	"mien/recipe"
)

// releasedRecipe is a recipe for fine-tuning the released pre-training file of the golden tests.
func releasedRecipe() recipe.Recipe {
	r := recipe.Recipe{Name: "fine", Kind: recipe.Finetune, System: "s4d", Model: recipe.Model{
		Experts: 8, TopK: 2, Position: "2", ImageClasses: 7, VideoClasses: 11}}
	r.Model.Encoder = recipe.Encoder{ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 64, Depth: 3, Heads: 1, MLPRatio: 4}
	return r
}

// The encoder of a published pre-training file loads unchanged; unused and missing tensors are as published.
func TestReleasedPretraining(t *testing.T) {
	f := golden.Open(t, "released_pretrain.pt")
	load, err := System.Start(f, releasedRecipe(), nn.Random{Seed: 1})
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, load)
	m := System.Build(scope, releasedRecipe()).(*classifier)
	require.NoError(t, scope.Err())
	r, err := load.Finish()
	require.NoError(t, err)

	require.Len(t, r.Loaded, 2+3*13, "embedding and three blocks of thirteen tensors")
	for _, name := range r.Loaded {
		require.True(t, strings.HasPrefix(name, "encoder."), name)
	}
	for _, name := range r.Missing {
		require.Regexp(t, `^(fc_norm|head\.(image|video)|blocks\.2\.moe_layer)\.`, name)
	}
	require.Len(t, r.Missing, 2+4+4+8*4, "norm, heads, router and experts")
	for _, name := range r.Unused {
		require.Regexp(t, `^(encoder\.norm\.|encoder_to_decoder\.weight$|mask_token$|decoder\.)`, name)
	}
	require.Equal(t, len(f.Names()), len(r.Loaded)+len(r.Unused))

	want, _ := f.Values("encoder.blocks.1.attn.qkv.weight")
	got, err := engine.Read[float32](m.Encoder.Blocks[1].Attn.QKVWeight.Data())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// The shape of a fine-tuned checkpoint in the released form is inferred, and all of it loads.
func TestReleasedCheckpoint(t *testing.T) {
	f := golden.Open(t, "released_form.pth")
	r, ok, err := System.Identify(f)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, recipe.Model{Encoder: recipe.Encoder{ImageSize: 160, Frames: 16, PatchSize: 16, Tubelet: 2, Dim: 64, Depth: 3, Heads: 1, MLPRatio: 4},
		Experts: 4, TopK: 2, ExpertHidden: 16, Position: "1,2", ImageClasses: 7, VideoClasses: 7}, r.Model)
	require.Equal(t, 4, r.Data.Stride)
	require.NoError(t, System.Check(r))
	params, err := nn.Outline(1000, func(s *nn.Scope) { System.Build(s, r) })
	require.NoError(t, err)
	require.NoError(t, nn.CheckModel(f, params))
}

// A run may start from a fine-tuned checkpoint with other heads and more experts, but nothing else may differ.
func TestTransfer(t *testing.T) {
	start := func(change func(r *recipe.Recipe)) (nn.LoadReport, error) {
		f := golden.Open(t, "released_form.pth")
		r, _, err := System.Identify(f)
		require.NoError(t, err)
		change(&r)
		load, err := System.Start(f, r, nn.Random{Seed: 1})
		require.NoError(t, err)
		scope := nn.NewScope(cpu.New(), engine.Float32, load)
		System.Build(scope, r)
		if scope.Err() != nil {
			return nn.LoadReport{}, scope.Err()
		}
		return load.Finish()
	}
	report, err := start(func(*recipe.Recipe) {})
	require.NoError(t, err)
	require.Empty(t, report.Missing)
	require.Empty(t, report.Unused)
	report, err = start(func(r *recipe.Recipe) { r.Model.Position = "0,1,2" })
	require.NoError(t, err)
	require.Len(t, report.Missing, 4+4*4, "router and experts of block 0")
	_, err = start(func(r *recipe.Recipe) { r.Model.Position = "2" })
	require.ErrorContains(t, err, "tensors that the model does not know, \"blocks.1.moe_layer.")
	_, err = start(func(r *recipe.Recipe) { r.Model.Depth, r.Model.Position = 2, "1" })
	require.ErrorContains(t, err, "tensors that the model does not know")
	_, err = start(func(r *recipe.Recipe) { r.Model.VideoClasses = 11 })
	require.ErrorContains(t, err, `"head.video.weight" as [7 64], the model needs [11 64]`)
}

// withoutHead is a file without one head, as if its classes were not the run's.
type withoutHead struct{ nn.Weights }

func (f withoutHead) Shape(name string) ([]int, bool) {
	if strings.HasPrefix(name, "head.video.") {
		return nil, false
	}
	return f.Weights.Shape(name)
}

func TestTransferWithoutAHead(t *testing.T) {
	r, _, err := System.Identify(golden.Open(t, "released_form.pth"))
	require.NoError(t, err)
	r.Model.VideoClasses = 3
	load, err := System.Start(withoutHead{golden.Open(t, "released_form.pth")}, r, nn.Random{Seed: 1})
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, load)
	System.Build(scope, r)
	require.NoError(t, scope.Err())
	report, err := load.Finish()
	require.NoError(t, err)
	require.Equal(t, []string{"head.video.weight", "head.video.bias"}, report.Missing)
	require.ElementsMatch(t, []string{"head.video.weight", "head.video.bias"}, report.Unused)
}

// The number of attention heads changes no tensor's shape: a file with another number is refused.
func TestStartRefusesOtherHeads(t *testing.T) {
	r := releasedRecipe()
	r.Model.Heads = 2
	for _, name := range []string{"released_pretrain.pt", "released_form.pth"} {
		_, err := System.Start(golden.Open(t, name), r, nn.Random{})
		require.EqualError(t, err, "its attention has 1 heads, that of recipe fine 2: set model.heads to 1")
	}
}

func TestIdentifyKnowsItsOwn(t *testing.T) {
	for _, name := range []string{"released_pretrain.pt", "mae_tiny.safetensors", "vit_tiny.safetensors"} {
		_, ok, err := System.Identify(golden.Open(t, name))
		require.NoError(t, err)
		require.False(t, ok, name)
	}
	_, ok, err := System.Identify(golden.Open(t, "s4d_tiny.safetensors"))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, map[data.Modality]string{data.Image: "head.image.", data.Video: "head.video."}, System.Heads(recipe.Recipe{}))
}
