package s2d

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
	"mien/recipe"
	"mien/vit"
)

// published is the recipe of the published model, with classes of videos.
func published(t *testing.T, classes int) recipe.Recipe {
	r, ok := System.Presets[0].Of("base")
	require.True(t, ok)
	r.Model.VideoClasses = classes
	require.NoError(t, System.Check(r))
	return r
}

// The published numbers of parameters, of all and of those that are tuned.
func TestCounts(t *testing.T) {
	for classes, tuned := range map[int]int{7: 9_258_451, 11: 9_261_527} {
		params, err := nn.Outline(1<<28, func(s *nn.Scope) { System.Build(s, published(t, classes)) })
		require.NoError(t, err)
		frozen, err := nn.Freeze(params, Base)
		require.NoError(t, err)
		require.Equal(t, []int{95_055_571 + 769*(classes-7), tuned}, []int{nn.Count(params), nn.Count(params) - frozen})
	}
}

// Names are those of the published checkpoints.
func TestNames(t *testing.T) {
	params, err := nn.Outline(1<<28, func(s *nn.Scope) { New(s, FromRecipe(published(t, 7))) })
	require.NoError(t, err)
	shapes := map[string][]int{}
	for _, p := range params {
		shapes[p.Name] = p.Shape()
	}
	require.Len(t, shapes, len(params))
	for name, shape := range map[string][]int{
		"cls_token": {1, 1, 768}, "pos_embed": {1, 197, 768}, "temporal_embedding": {1, 16, 768},
		"patch_embed.proj.weight": {768, 3, 16, 16}, "patch_embed_prompt.proj.weight": {768, 128, 1, 1}, "patch_embed_prompt.proj.bias": {768},
		"prompt_blocks.0.conv0_0.weight": {8, 768, 1, 1}, "prompt_blocks.11.conv0_1.bias": {8}, "prompt_blocks.3.conv1x1.weight": {768, 8, 1, 1},
		"prompt_blocks.5.fovea.smooth": {1}, "prompt_blocks.6.TMA.T_Adapter.D_fc1.weight": {192, 768}, "prompt_blocks.6.TMA.T_Adapter.D_fc2.bias": {768},
		"prompt_blocks.7.TMA.T_Adapter.attn.qkv.weight": {576, 192}, "prompt_blocks.7.TMA.T_Adapter.attn.proj.bias": {192},
		"prompt_blocks.8.TMA.norm.weight": {768}, "prompt_blocks.9.TMA.S_Adapter.D_fc1.bias": {192}, "prompt_blocks.9.TMA.S_Adapter.D_fc2.weight": {768, 192},
		"prompt_norms.11.weight": {768}, "blocks.2.attn.qkv.bias": {2304}, "blocks.4.mlp.fc1.weight": {3072, 768}, "ln_post.bias": {768},
		"head.fc_cls.weight": {7, 768},
	} {
		require.Equal(t, shape, shapes[name], name)
	}
	require.NotContains(t, shapes, "prompt_blocks.0.TMA.T_Adapter.attn.qkv.bias")
}

// As released, all begins with numbers that change the tokens, the fovea is sharp, and the norm between an adapter's two halves is
// PyTorch's.
func TestStart(t *testing.T) {
	m := New(nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 5}), goldenConfig)
	require.Equal(t, []float64{1e-5, 1e-6, 1e-6}, []float64{m.Adapters[1].Norm.Eps, m.Norms[0].Eps, m.Norm.Eps})
	smooth, err := engine.Read[float32](m.Prompters[2].Smooth.Data())
	require.NoError(t, err)
	require.Equal(t, []float32{10}, smooth)
	up, err := engine.Read[float32](m.Adapters[0].Space2.Weight.Data())
	require.NoError(t, err)
	require.NotZero(t, up[0])
	base := vit.Config{ImageSize: 224, Frames: 16, PatchSize: 16, Tubelet: 1, Dim: 768, Depth: 12, Heads: 12, MLPRatio: 4}
	want := Config{Encoder: base, Classes: 11, LandmarkChannels: 128, PromptWidth: 8, AdapterWidth: 192, AdapterHeads: 8, Dropout: 0.5}
	require.Equal(t, want, FromRecipe(published(t, 11)))
}

// The presets of all sizes have the published modules, and of the image model the norm after its blocks learns alone.
func TestPresets(t *testing.T) {
	for size, width := range map[string]int{"tiny": 32, "small": 96, "base": 192, "large": 256} {
		r, ok := System.Presets[0].Of(size)
		require.True(t, ok)
		want, _ := vit.Preset(size)
		want.Name, want.System, want.Train.Freeze = "s2d-"+size, "s2d", []string{"cls_token", "pos_embed", "patch_embed.*", "blocks.*"}
		want.Model.ImageSize, want.Model.Tubelet, want.Model.Dropout = want.Model.ImageSize*7/5, 1, 0.5
		want.Model.Prompter, want.Model.Temporal = &recipe.Prompter{Width: 8, LandmarkWidth: 64}, &recipe.Temporal{Width: width, Heads: 8}
		require.Equal(t, want, r)
	}
	_, ok := System.Presets[0].Of("giant")
	require.False(t, ok)
}
