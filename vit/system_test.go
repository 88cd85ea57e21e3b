package vit

import (
	"cmp"
	"math"
	"slices"
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

// By the published rule twelve blocks have 14 levels: patch embedding at the bottom, norm and heads on top. So is what a system adds, also
// where its name is longer than one of those below.
func TestLayerScale(t *testing.T) {
	for name, level := range map[string]int{
		"patch_embed.proj.weight": 13, "patch_embed.proj.bias": 13, "blocks.0.norm1.weight": 12, "blocks.1.attn.q_bias": 11,
		"blocks.11.mlp.fc2.weight": 1, "blocks.11.moe_layer.experts.3.fc1.weight": 1, "fc_norm.weight": 0, "head.weight": 0, "head.video.bias": 0,
		"cls_token": 13, "pos_embed": 13, "norm.weight": 0,
		"patch_embed_prompt.proj.weight": 0, "prompt_blocks.2.conv1x1.weight": 0, "temporal_embedding": 0, "pos_embed_prompt": 0, "blocks_prompt.2.bias": 0,
	} {
		require.InDelta(t, math.Pow(0.75, float64(level)), LayerScale(name, 12, 0.75), 1e-12, name)
		require.Equal(t, 1.0, LayerScale(name, 12, 1), name)
	}
	require.InDelta(t, 0.0238, LayerScale("patch_embed.proj.weight", 12, 0.75), 5e-5)
}

func TestGroup(t *testing.T) {
	r := recipe.Recipe{Model: recipe.Model{Encoder: recipe.Encoder{Depth: 3}}, Train: recipe.Train{LayerDecay: 0.5, WeightDecay: 0.07}}
	scale, decay := System.Group(r, "blocks.1.attn.qkv.weight", []int{9, 3})
	require.Equal(t, []float64{0.25, 0.07}, []float64{scale, decay})
	scale, decay = System.Group(r, "fc_norm.weight", []int{3})
	require.Equal(t, []float64{1, 0}, []float64{scale, decay})
	for _, name := range []string{"cls_token", "pos_embed"} {
		scale, decay = System.Group(r, name, []int{1, 2, 3})
		require.Equal(t, []float64{math.Pow(0.5, 4), 0}, []float64{scale, decay}, name)
		scale, decay = System.Group(r, name+"_prompt", []int{1, 2, 3})
		require.Equal(t, []float64{1, 0.07}, []float64{scale, decay}, name)
	}
}

func TestSystemChecks(t *testing.T) {
	image, video := goldenRecipe(data.Image), goldenRecipe(data.Video)
	require.NoError(t, System.Check(image))
	require.NoError(t, System.Check(video))
	for message, change := range map[string]func(m *recipe.Model){
		"model.image_classes is 5 and model.video_classes 3":       func(m *recipe.Model) { m.VideoClasses = 3 },
		"model.image_classes is 0 and model.video_classes 0":       func(m *recipe.Model) { m.ImageClasses = 0 },
		"model.image_classes is -1 and model.video_classes 0":      func(m *recipe.Model) { m.ImageClasses = -1 },
		"image size 12 is not a multiple of the patch size 5":      func(m *recipe.Model) { m.PatchSize = 5 },
		"6 frames are not a multiple of the 4 frames of a tubelet": func(m *recipe.Model) { m.Tubelet = 4 },
		"Heads:0 MLPRatio:6}: every number must be at least 1":     func(m *recipe.Model) { m.Heads = 0 },
		"24 is not a multiple of the 5 heads":                      func(m *recipe.Model) { m.Heads = 5 },
		"one head, so that one of them must be 0":                  func(m *recipe.Model) { m.VideoClasses = 5 },
		"model.image_classes is 5 and model.video_classes -3":      func(m *recipe.Model) { m.VideoClasses = -3 },
		"model.image_classes is 0 and model.video_classes -5":      func(m *recipe.Model) { m.ImageClasses, m.VideoClasses = 0, -5 },
	} {
		r := image
		change(&r.Model)
		require.ErrorContains(t, System.Check(r), message)
	}
}

// The one head belongs to the modality that has classes.
func TestOneHead(t *testing.T) {
	for _, modality := range []data.Modality{data.Image, data.Video} {
		other := map[data.Modality]data.Modality{data.Image: data.Video, data.Video: data.Image}[modality]
		r := goldenRecipe(modality)
		m := System.Build(nn.NewScope(cpu.New(), engine.Float32, nn.Random{}), r).(*classifier)
		require.Equal(t, map[data.Modality]string{modality: "head."}, System.Heads(r))
		require.Equal(t, []int{5, 0}, []int{m.Classes(modality), m.Classes(other)})
		require.Equal(t, m.Config.MACs(m.TokensOf(modality))+24*5, m.MACs(modality))
	}
}

// An image has the tokens of one frame, a video those of each tubelet.
func TestTokensOf(t *testing.T) {
	c := Config{ImageSize: 24, Frames: 12, PatchSize: 8, Tubelet: 3}
	require.Equal(t, []int{9, 9, 36, 36}, []int{c.ImageTokens(), c.TokensOf(data.Image), c.VideoTokens(), c.TokensOf(data.Video)})
	require.Equal(t, 3*3*8*8, c.PatchDim())
}

func TestPreset(t *testing.T) {
	require.Equal(t, []string{"vit", recipe.Finetune}, []string{System.Name, System.Kind})
	for size, c := range Sizes {
		r, ok := Preset(size)
		require.True(t, ok)
		require.Equal(t, recipe.Model{Encoder: recipe.Encoder(c), VideoClasses: 7}, r.Model)
		require.Equal(t, []string{"vit-" + size, recipe.Finetune, "vit"}, []string{r.Name, r.Kind, r.System})
		require.NoError(t, System.Check(r))
	}
	_, ok := Preset("huge")
	require.False(t, ok)
}

// load starts a run from a golden file.
func load(t *testing.T, file string, r recipe.Recipe) (nn.LoadReport, error) {
	load, err := System.Start(golden.Open(t, file), r, nn.Random{})
	if err != nil {
		return nn.LoadReport{}, err
	}
	scope := nn.NewScope(cpu.New(), engine.Float32, load)
	System.Build(scope, r)
	if scope.Err() != nil {
		return nn.LoadReport{}, scope.Err()
	}
	return load.Finish()
}

// A run starts from a vit, whose head may be missing, or from the encoder of a pre-training file.
func TestStart(t *testing.T) {
	r := goldenRecipe(data.Image)
	r.Model.Heads, r.Name = 3, "mine"
	report, err := load(t, "vit_tiny.safetensors", r)
	require.ErrorContains(t, err, "its attention has 1 heads, that of recipe mine 3: set model.heads to 1", "no recipe inside: heads 64 wide")
	require.Empty(t, report)

	r = recipe.Recipe{}
	r.Model.Encoder = recipe.Encoder{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 64, Depth: 2, Heads: 1, MLPRatio: 4}
	r.Model.VideoClasses = 9
	require.True(t, IsPretraining(golden.Open(t, "mae_tiny.safetensors")))
	require.False(t, IsPretraining(golden.Open(t, "vit_tiny.safetensors")))
	report, err = load(t, "mae_tiny.safetensors", r)
	require.NoError(t, err)
	require.Len(t, report.Loaded, 2+2*13)
	require.Equal(t, []string{"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"}, report.Missing)
	require.Len(t, report.Unused, 2+1+1+13+4, "norm, narrowing, mask token, a block, norm and head")

	_, err = load(t, "s4d_tiny.safetensors", r)
	require.ErrorContains(t, err, "tensors that the model does not know", "experts")
}

// headless is a file without its head, as if its classes were not the run's.
type headless struct{ nn.Weights }

func (f headless) Shape(name string) ([]int, bool) {
	if strings.HasPrefix(name, "head.") {
		return nil, false
	}
	return f.Weights.Shape(name)
}

func (f headless) Metadata() map[string]string {
	text, _ := goldenRun().Text()
	return map[string]string{"recipe": string(text)}
}

// goldenRun is a complete recipe with the model of the golden files.
func goldenRun() recipe.Recipe {
	r, _ := recipe.Load("s4d-tiny")
	r.System, r.Model = "vit", goldenRecipe(data.Image).Model
	return r
}

// A vit starts from the encoder of another, with a new head.
func TestStartWithoutItsHead(t *testing.T) {
	r := goldenRun()
	r.Model.ImageClasses = 2
	load, err := System.Start(headless{golden.Open(t, "vit_tiny.safetensors")}, r, nn.Random{Seed: 1})
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, load)
	System.Build(scope, r)
	require.NoError(t, scope.Err())
	report, err := load.Finish()
	require.NoError(t, err)
	require.Equal(t, []string{"head.weight", "head.bias"}, report.Missing)
	require.ElementsMatch(t, report.Missing, report.Unused)
	require.Len(t, report.Loaded, 2+2*13+2)
}

// partial is a file that lacks a tensor.
type partial struct {
	nn.Weights
	lacks string
}

func (f partial) Shape(name string) ([]int, bool) {
	if name == f.lacks {
		return nil, false
	}
	return f.Weights.Shape(name)
}

func (f partial) Names() []string {
	return slices.DeleteFunc(f.Weights.Names(), func(name string) bool { return name == f.lacks })
}

// foreign is a file that has a tensor more.
type foreign struct {
	nn.Weights
	has string
}

func (f foreign) Names() []string { return append(f.Weights.Names(), f.has) }

// startFrom builds a model from a file and returns the first error.
func startFrom(t *testing.T, file nn.Weights, r recipe.Recipe) error {
	load, err := System.Start(file, r, nn.Random{Seed: 1})
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, load)
	System.Build(scope, r)
	_, err = load.Finish()
	return cmp.Or(scope.Err(), err)
}

// Only a head may be missing, and after pre-training the norm before it.
func TestStartRefusesPartialFiles(t *testing.T) {
	start := func(file, lacks string, r recipe.Recipe) error {
		return startFrom(t, partial{golden.Open(t, file), lacks}, r)
	}
	r := recipe.Recipe{Model: recipe.Model{Encoder: recipe.Encoder{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 64, Depth: 2, Heads: 1, MLPRatio: 4}}}
	r.Model.VideoClasses = 9
	require.NoError(t, start("mae_tiny.safetensors", "", r))
	for _, name := range []string{"encoder.patch_embed.proj.bias", "encoder.blocks.1.norm1.weight", "encoder.blocks.0.attn.q_bias"} {
		require.ErrorContains(t, start("mae_tiny.safetensors", name, r), `weights lack "`+name+`"`)
	}

	fineTuned := headless{golden.Open(t, "vit_tiny.safetensors")}
	require.NoError(t, startFrom(t, fineTuned, goldenRun()))
	for _, name := range []string{"fc_norm.weight", "fc_norm.bias", "patch_embed.proj.weight", "blocks.1.mlp.fc2.bias"} {
		require.ErrorContains(t, startFrom(t, partial{fineTuned, name}, goldenRun()), `weights lack "`+name+`"`)
	}
}

// A fine-tuned file may not hold what only pre-training leaves unused, nor a file of pre-training a head.
func TestStartRefusesForeignTensors(t *testing.T) {
	pretrained, fineTuned := golden.Open(t, "mae_tiny.safetensors"), headless{golden.Open(t, "vit_tiny.safetensors")}
	r := goldenRun()
	r.Model.Encoder = recipe.Encoder{ImageSize: 16, Frames: 4, PatchSize: 8, Tubelet: 2, Dim: 64, Depth: 2, Heads: 1, MLPRatio: 4}
	require.NoError(t, startFrom(t, pretrained, r))
	require.NoError(t, startFrom(t, foreign{fineTuned, "head.extra.weight"}, goldenRun()))
	for _, name := range []string{"mask_token", "decoder.norm.weight", "encoder.norm.bias", "encoder_to_decoder.weight", "norm.weight"} {
		require.ErrorContains(t, startFrom(t, foreign{fineTuned, name}, goldenRun()), `does not know, "`+name+`"`)
	}
	for _, name := range []string{"head.weight", "fc_norm.weight", "encoder.fc_norm.weight", "encoder.head.bias"} {
		require.ErrorContains(t, startFrom(t, foreign{pretrained, name}, r), `does not know, "`+name+`"`)
	}
}

// file is a weights file without tensors.
type file struct{ metadata map[string]string }

func (f file) Names() []string                       { return nil }
func (f file) Shape(string) ([]int, bool)            { return nil, false }
func (f file) Read(name string, dst []float32) error { return nil }
func (f file) Metadata() map[string]string           { return f.metadata }

// The number of heads changes no shape, so it comes from the recipe inside a file; a published file has no recipe and heads of
// width 64.
func TestSameHeads(t *testing.T) {
	of := func(heads int) recipe.Recipe {
		r, err := recipe.Load("s4d-tiny")
		require.NoError(t, err)
		r.Model.Heads = heads
		return r
	}
	text, err := of(4).Text()
	require.NoError(t, err)
	own := file{metadata: map[string]string{"recipe": string(text)}}
	require.NoError(t, SameHeads(own, of(4)))
	require.EqualError(t, SameHeads(own, of(2)), "its attention has 4 heads, that of recipe s4d-tiny 2: set model.heads to 4")

	published := of(6)
	published.Model.Dim = 384
	require.NoError(t, SameHeads(file{}, published))
	published.Model.Heads = 12
	require.ErrorContains(t, SameHeads(file{}, published), "its attention has 6 heads, that of recipe s4d-tiny 12")
	narrow := of(1)
	narrow.Model.Dim = 32
	require.NoError(t, SameHeads(file{}, narrow), "at least one")

	published.Kind, published.Model.Heads, published.Model.DecoderDim, published.Model.DecoderHeads = recipe.Pretrain, 6, 192, 3
	require.NoError(t, SameHeads(file{}, published), "a decoder narrower than the encoder")
	published.Model.DecoderHeads = 6
	require.EqualError(t, SameHeads(file{}, published), "its attention has 3 heads, that of recipe s4d-tiny 6: set model.decoder_heads to 3")

	published.Model.Heads, published.Model.DecoderHeads = 12, 3
	require.ErrorContains(t, SameHeads(file{}, published), "set model.heads to 6", "though the decoders agree")
	narrow.Kind, narrow.Model.DecoderDim, narrow.Model.DecoderHeads = recipe.Pretrain, 32, 1
	require.NoError(t, SameHeads(file{}, narrow), "at least one here, too")

	pretrained, err := recipe.Load("s4d-tiny-pretrain")
	require.NoError(t, err)
	pretrained.Model.Heads, pretrained.Model.DecoderDim, pretrained.Model.DecoderHeads = 4, 320, 2 // published ones would have 2 and 5
	text, err = pretrained.Text()
	require.NoError(t, err)
	own = file{metadata: map[string]string{"recipe": string(text)}}
	require.NoError(t, SameHeads(own, pretrained))
	require.NoError(t, SameHeads(own, of(4)), "without a decoder")
	pretrained.Model.DecoderHeads = 5
	require.EqualError(t, SameHeads(own, pretrained), "its attention has 2 heads, that of recipe "+pretrained.Name+" 5: set model.decoder_heads to 2")
	pretrained.Model.Heads = 2
	require.ErrorContains(t, SameHeads(own, pretrained), "set model.heads to 4")

	damaged := file{metadata: map[string]string{"recipe": "heads ="}}
	require.ErrorContains(t, SameHeads(damaged, of(4)), "recipe inside the file:")
}

// Weights of linear layers, the head's among them, start with the deviation of their width.
func TestInitialWeights(t *testing.T) {
	r := goldenRecipe(data.Video)
	r.Model.VideoClasses = 200
	s := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 1})
	System.Build(s, r)
	for _, p := range s.Params() {
		if !strings.HasPrefix(p.Name, "blocks.") && p.Name != "head.weight" || len(p.Shape()) == 1 {
			continue
		}
		values, err := engine.Read[float64](p.Data())
		require.NoError(t, err)
		squares := 0.0
		for _, v := range values {
			squares += v * v / float64(len(values))
		}
		require.InEpsilon(t, 1/math.Sqrt(24), math.Sqrt(squares), 0.07, p.Name)
	}
}
