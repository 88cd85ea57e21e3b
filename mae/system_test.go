package mae

import (
	"math"
	"math/rand/v2"
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
	"mien/vit"
)

func TestSystemChecks(t *testing.T) {
	require.NoError(t, System.Check(goldenRecipe))
	for message, change := range map[string]func(r *recipe.Recipe){
		"decoder of width 0": func(r *recipe.Recipe) { r.Model.DecoderDim = 0 },
		"train.image_mask: a mask ratio of 0.1: of 4 patches it must hide": func(r *recipe.Recipe) { r.Train.ImageMask = 0.1 },
		"train.video_mask: a mask ratio of 1: of 8 patches it must hide":   func(r *recipe.Recipe) { r.Train.VideoMask = 1 },
		"train.video_mask: a mask ratio of NaN":                            func(r *recipe.Recipe) { r.Train.VideoMask = math.NaN() },
	} {
		r := goldenRecipe
		change(&r)
		require.ErrorContains(t, System.Check(r), message)
	}
}

// Names ending in ".bias" and layer norms do not decay; q_bias, v_bias and the mask token do. Learning rates follow the
// schedule.
func TestGroup(t *testing.T) {
	r := recipe.Recipe{Train: recipe.Train{WeightDecay: 0.05, LayerDecay: 0.5}}
	for name, want := range map[string]float64{
		"encoder.blocks.0.attn.qkv.weight": 0.05, "encoder.blocks.0.attn.q_bias": 0.05, "encoder.blocks.0.attn.v_bias": 0.05, "mask_token": 0.05,
		"encoder_to_decoder.weight": 0.05, "decoder.head.weight": 0.05,
		"encoder.blocks.0.attn.proj.bias": 0, "encoder.norm.weight": 0, "decoder.blocks.0.norm1.weight": 0, "decoder.head.bias": 0,
	} {
		scale, decay := System.Group(r, name, []int{3, 4})
		require.Equal(t, []float64{1, want}, []float64{scale, decay}, name)
	}
}

func TestPreset(t *testing.T) {
	require.Equal(t, []string{"mae", recipe.Pretrain}, []string{System.Name, System.Kind})
	for size, c := range Sizes {
		r, ok := System.Presets[0].Of(size)
		require.True(t, ok)
		require.Equal(t, c, FromRecipe(r))
		require.Equal(t, []string{"mae-" + size, recipe.Pretrain, "mae"}, []string{r.Name, r.Kind, r.System})
		require.Equal(t, []float64{0.9, 0.95}, []float64{r.Train.ImageMask, r.Train.VideoMask})
		require.NoError(t, System.Check(r))
	}
	_, ok := System.Presets[0].Of("huge")
	require.False(t, ok)
	require.Empty(t, System.Heads(goldenRecipe))
}

// Each size and each setting of the targets reaches the model.
func TestFromRecipe(t *testing.T) {
	r := smallRecipe()
	require.Equal(t, small, FromRecipe(r))
	r.Train.JointTarget = true
	want := small
	want.JointTarget = true
	require.Equal(t, want, FromRecipe(r))
	r.Model.Encoder = recipe.Encoder{ImageSize: 12, Frames: 6, PatchSize: 4, Tubelet: 3, Dim: 20, Depth: 8, Heads: 5, MLPRatio: 7}
	require.Equal(t, vit.Config{ImageSize: 12, Frames: 6, PatchSize: 4, Tubelet: 3, Dim: 20, Depth: 8, Heads: 5, MLPRatio: 7}, FromRecipe(r).Encoder)
	l := System.Build(nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 1}), r).(*learner)
	require.True(t, l.JointTarget)
}

// smallRecipe is a recipe for the model small.
func smallRecipe() recipe.Recipe {
	r := recipe.Recipe{Name: "small", Kind: recipe.Pretrain, System: "mae", Train: recipe.Train{ImageMask: 0.8, VideoMask: 0.6}}
	r.Model.Encoder = recipe.Encoder(small.Encoder)
	r.Model.DecoderDim, r.Model.DecoderDepth, r.Model.DecoderHeads = small.DecoderDim, small.DecoderDepth, small.DecoderHeads
	return r
}

func newLearner() *learner {
	return System.Build(nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 1}), smallRecipe()).(*learner)
}

// The cost of a step depends on the mask ratio of its modality.
func TestLearnerMACs(t *testing.T) {
	l := newLearner()
	require.Equal(t, small.MACs(9-7, 9), l.MACs(data.Image))
	require.Equal(t, small.MACs(18-10, 18), l.MACs(data.Video))
}

// The loss of a batch uses the mask of its position in the run, and Reconstruct shows the same mask.
func TestReconstruct(t *testing.T) {
	l := newLearner()
	b := l.MaskToken.Data().Backend()
	for modality, frames := range map[data.Modality]int{data.Image: 1, data.Video: 8} {
		tape := ag.NewTape(b)
		batch := &system.Batch{Epoch: 2, Step: 5, Seed: 3, Modality: modality, Views: views(1, frames)}
		mask := RandomMask(1, map[int]int{1: 9, 8: 18}[frames], map[int]float64{1: 0.8, 8: 0.6}[frames], data.Stream(3, "mask", 2, 5))
		out := l.Forward(batch.Pixels(tape), mask)
		want, err := engine.Read[float32](out.Loss.Data())
		require.NoError(t, err)
		got, err := engine.Read[float32](l.Loss(tape, batch).Data())
		require.NoError(t, err)
		require.Equal(t, want, got)

		pred, err := engine.Read[float32](out.Pred.Data())
		require.NoError(t, err)
		wantMasked, wantOutput := l.Paint(batch.Views[0].Planar(), pred, mask, frames)
		masked, output, err := l.Reconstruct(tape, batch)
		require.NoError(t, err)
		require.Equal(t, [][]float32{wantMasked, wantOutput}, [][]float32{masked, output})
		require.NotEqual(t, masked, output)
		tape.Close()
	}
}

// A run starts from a complete pre-training file with the same numbers of heads in encoder and decoder.
func TestStart(t *testing.T) {
	load := func(file string, r recipe.Recipe) (nn.LoadReport, error) {
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
	r := goldenRecipe
	r.Name = "mine"
	report, err := load("mae_tiny.safetensors", r)
	require.NoError(t, err)
	require.Empty(t, report.Missing)
	require.Empty(t, report.Unused)
	_, err = load("s4d_tiny.safetensors", r)
	require.ErrorContains(t, err, `weights lack "encoder.patch_embed.proj.weight"`)

	r.Model.Heads = 2
	_, err = load("mae_tiny.safetensors", r)
	require.EqualError(t, err, "its attention has 1 heads, that of recipe mine 2: set model.heads to 1")
	r.Model.Heads, r.Model.DecoderHeads = 1, 4
	_, err = load("mae_tiny.safetensors", r)
	require.EqualError(t, err, "its attention has 1 heads, that of recipe mine 4: set model.decoder_heads to 1")
}

// Encoder input and decoder output are different patches: no gradient and no value of a hidden patch reaches the encoder, and
// both use the position of each patch.
func TestHiddenPixelsDoNotReachTheEncoder(t *testing.T) {
	b := cpu.New()
	m := newSmall(b)
	mask := RandomMask(1, 18, 0.6, rand.New(rand.NewPCG(8, 8)))
	predict := func(change func(v data.View)) []float32 {
		all := views(1, 8)
		change(all[0])
		tape := ag.NewTape(b)
		defer tape.Close()
		pred, err := engine.Read[float32](m.Forward((&system.Batch{Views: all}).Pixels(tape), mask).Pred.Data())
		require.NoError(t, err)
		return pred
	}
	paint := func(patch int32) func(data.View) {
		return func(v data.View) {
			n := int(patch)
			v.Bytes[((n/9*4*15+n/3%3*5)*15+n%3*5)*3] ^= 255 // the first value of the patch
		}
	}
	want := predict(func(data.View) {})
	for _, patch := range mask.hidden {
		require.Equal(t, want, predict(paint(patch)))
	}
	for _, patch := range mask.visible {
		require.NotEqual(t, want, predict(paint(patch)))
	}
}
