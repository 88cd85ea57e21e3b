package s4d

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/moae"
	"mien/recipe"
	"mien/vit"
)

// shapes is a weights file with shapes but no values.
type shapes map[string][]int

func (s shapes) Names() []string                       { return slices.Sorted(maps.Keys(s)) }
func (s shapes) Shape(name string) ([]int, bool)       { shape, ok := s[name]; return shape, ok }
func (s shapes) Read(name string, dst []float32) error { return nil }
func (s shapes) Metadata() map[string]string           { return nil }

// finetuned is a checkpoint of two blocks, the second with two experts.
func finetuned() shapes {
	return shapes{
		"patch_embed.proj.weight": {192, 3, 4, 8, 8}, "blocks.0.mlp.fc1.bias": {384}, "blocks.1.norm1.weight": {192},
		"blocks.1.moe_layer.experts.0.fc1.weight": {24, 192}, "blocks.1.moe_layer.experts.1.fc1.weight": {24, 192},
		"head.image.weight": {8, 192}, "head.video.weight": {11, 192},
	}
}

// inferred is the model of a file, as its recipe describes it.
func inferred(t *testing.T, file shapes) Config {
	r, ok, err := System.Identify(file)
	require.NoError(t, err)
	require.True(t, ok)
	c, err := FromRecipe(r)
	require.NoError(t, err)
	return c
}

func TestIdentify(t *testing.T) {
	want := Config{
		Encoder: vit.Config{ImageSize: 160, Frames: 16, PatchSize: 8, Tubelet: 4, Dim: 192, Depth: 2, Heads: 3, MLPRatio: 2},
		MoAE:    moae.Config{Experts: 2, TopK: 2, Hidden: 24}, MoAEBlocks: []int{1}, ImageClasses: 8, VideoClasses: 11,
	}
	require.Equal(t, want, inferred(t, finetuned()))
	r, ok, err := System.Identify(finetuned())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"published", recipe.Finetune, "s4d", "1"}, []string{r.Name, r.Kind, r.System, r.Model.Position})

	plain := finetuned()
	delete(plain, "blocks.1.moe_layer.experts.0.fc1.weight")
	got := inferred(t, plain)
	require.Equal(t, moae.Config{Experts: 2, TopK: 2, Hidden: 24}, got.MoAE, "the highest number counts")
	plain["blocks.10.moe_layer.experts.0.fc1.weight"] = []int{24, 192}
	got = inferred(t, plain)
	require.Equal(t, []int{1, 10}, got.MoAEBlocks)
	require.Equal(t, 11, got.Encoder.Depth)
	maps.DeleteFunc(plain, func(name string, _ []int) bool { return len(name) > 20 && name[:7] == "blocks." })
	got = inferred(t, plain)
	require.Empty(t, got.MoAEBlocks)
	require.Zero(t, got.MoAE.Experts)

	many := finetuned()
	many["blocks.9.moe_layer.experts.0.fc1.weight"] = []int{24, 192}
	many["blocks.10.moe_layer.experts.0.fc1.weight"] = []int{24, 192}
	many["blocks.1.moe_layer.experts.10.fc1.weight"] = []int{24, 192}
	got = inferred(t, many) // names sort 10 before 9
	require.Equal(t, []int{1, 9, 10}, got.MoAEBlocks)
	require.Equal(t, 11, got.MoAE.Experts)

	one := finetuned()
	delete(one, "blocks.1.moe_layer.experts.1.fc1.weight")
	got = inferred(t, one)
	require.Equal(t, 1, got.MoAE.TopK, "no more experts a token than there are")
	require.NoError(t, got.Check())
}

func TestIdentifyErrors(t *testing.T) {
	for message, change := range map[string]func(s shapes){
		"weights hold no patch_embed.proj.weight [D, 3, 2, 16, 16]: they are not a fine-tuned S4D model": func(s shapes) { delete(s, "patch_embed.proj.weight") },
		"weights hold no patch_embed.proj.weight":                                                        func(s shapes) { s["patch_embed.proj.weight"] = []int{192, 4, 4, 8, 8} },
		"weights hold no patch_embed.proj":                                                               func(s shapes) { s["patch_embed.proj.weight"] = []int{192, 3} },
		"weights hold no head.video.weight: they are not a fine-tuned S4D model":                         func(s shapes) { delete(s, "head.video.weight") },
		"weights hold no head.image.weight":                                                              func(s shapes) { s["head.image.weight"] = []int{7} },
	} {
		s := finetuned()
		change(s)
		_, ok, err := System.Identify(s)
		require.True(t, ok)
		require.ErrorContains(t, err, message)
	}
}

// Hidden layers as wide as the model are a ratio of 1, not an unknown one.
func TestIdentifyRatioOfOne(t *testing.T) {
	file := finetuned()
	for hidden, ratio := range map[int]int{191: 4, 192: 1, 384: 2, 768: 4, 1536: 8} {
		file["blocks.0.mlp.fc1.bias"] = []int{hidden}
		require.Equal(t, ratio, inferred(t, file).Encoder.MLPRatio, hidden)
	}
	file["patch_embed.proj.weight"] = []int{0, 3, 4, 8, 8}
	none := inferred(t, file)
	require.Equal(t, [3]int{0, 1, 4}, [3]int{none.Encoder.Dim, none.Encoder.Heads, none.Encoder.MLPRatio}, "a width of 0 is refused, not divided by")
	require.Error(t, none.Check())
}
