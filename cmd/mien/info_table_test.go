package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
	"mien/mobilefacenet"
	"mien/modelfile"
	"mien/recipe"
	"mien/run"
	"mien/system"
	"mien/systems"
)

// What a model has learned from is said of the modalities that it is for, with what is not known.
func TestLearnedFrom(t *testing.T) {
	d := modelfile.Description{System: &system.System{Kind: recipe.Finetune}}
	d.Recipe.Model.ImageClasses, d.Recipe.Model.VideoClasses = 7, 11
	require.Equal(t, "not recorded", learnedFrom(d))
	d.Trained = modelfile.Trained{data.Image: {Listed: 5, Drawn: 2}, data.Video: {Unknown: true, Listed: 3}}
	require.Equal(t, "5 listed and 2 drawn images; unrecorded and 3 listed videos", learnedFrom(d))
	d.Trained = modelfile.Trained{data.Image: {Drawn: 4}}
	require.Equal(t, "4 drawn images; no videos", learnedFrom(d))
	d.Recipe.Model.VideoClasses = 0
	require.Equal(t, "4 drawn images", learnedFrom(d))
	d.Recipe.Model.ImageClasses, d.Recipe.Model.VideoClasses = 0, 11
	require.Equal(t, "4 drawn images; no videos", learnedFrom(d), "its one head began as one for images")
	d.Trained = modelfile.Trained{data.Video: {Listed: 3}}
	require.Equal(t, "3 listed videos", learnedFrom(d))
	d.Trained = modelfile.Trained{data.Image: {Drawn: 4}}
	d.Recipe.Model.ImageClasses, d.Recipe.Model.VideoClasses = 7, 0
	d.System.Kind = recipe.Pretrain
	require.Equal(t, "4 drawn images; no videos", learnedFrom(d), "it has no heads")
}

// Either a model or a recipe is described, and the samples of lists, within bounds, are those of a recipe's run.
func TestFlagsOfInfo(t *testing.T) {
	for _, c := range []struct {
		infoCmd
		want string
	}{
		{infoCmd{}, ""}, {infoCmd{Model: "a"}, ""}, {infoCmd{Recipe: "a", Images: maxListed, Videos: maxListed}, ""}, {infoCmd{Recipe: "a"}, ""},
		{infoCmd{Model: "a", Recipe: "b"}, "--model and --recipe: choose one to describe"},
		{infoCmd{Model: "a", Images: 1}, "--images and --videos are the samples in the lists of a run: name its --recipe"},
		{infoCmd{Videos: 1}, "--images and --videos are the samples in the lists of a run: name its --recipe"},
		{infoCmd{Recipe: "a", Images: -1, Videos: 5}, "--images -1, --videos 5: each must lie between 0 and 1000000000"},
		{infoCmd{Recipe: "a", Images: 5, Videos: -1}, "--images 5, --videos -1: each must lie between 0 and 1000000000"},
		{infoCmd{Recipe: "a", Images: maxListed + 1}, "--images 1000000001, --videos 0: each must lie between 0 and 1000000000"},
		{infoCmd{Recipe: "a", Videos: maxListed + 1}, "--images 0, --videos 1000000001: each must lie between 0 and 1000000000"},
	} {
		err := c.check()
		if c.want == "" {
			require.NoError(t, err, "%+v", c.infoCmd)
		} else {
			require.EqualError(t, err, c.want, "%+v", c.infoCmd)
		}
	}
}

// What adapters have inside follows from their kernel, and whether it is depth-wise and stretched.
func TestAdapterKinds(t *testing.T) {
	require.Nil(t, adaptersOf(recipe.Model{}))
	require.Nil(t, adaptersOf(recipe.Model{Adapter: &recipe.Adapter{Kernel: []int{3, 1, 1}}}))
	m := recipe.Model{Encoder: recipe.Encoder{Depth: 6}}
	for want, a := range map[string]recipe.Adapter{
		"7 wide, plain, after-mlp, in blocks 2, 3, 4, 5":                              {Blocks: "last 2/3"},
		"7 wide, convolution of 3×1×5, after-mlp, in blocks 1":                        {Blocks: "1", Kernel: []int{3, 1, 5}},
		"7 wide, depth-wise convolution of 3×1×1, after-mlp, in blocks 1":             {Blocks: "1", Kernel: []int{3, 1, 1}, Depthwise: true},
		"7 wide, D²Conv3D of 1×3×3, after-mlp, in blocks 0, 1, 2, 3, 4, 5":            {Blocks: "all", Kernel: []int{1, 3, 3}, Stretch: "space"},
		"7 wide, depth-wise D²Conv3D of 3×3×3, after-mlp, in blocks 0, 1, 2, 3, 4, 5": {Blocks: "all", Kernel: []int{3, 3, 3}, Stretch: "axes", Depthwise: true},
	} {
		a.Width, a.Place, m.Adapter = 7, "after-mlp", &a
		require.Equal(t, []string{"adapters", want}, adaptersOf(m).row())
	}
	m.Adapter = &recipe.Adapter{Width: 7, Blocks: "1"}
	require.Equal(t, []int{}, adaptersOf(m).Kernel, "a list in JSON, if an empty one")
	for one := range 3 {
		depthwise, modulated, activation := one == 0, one == 1, one == 2
		m.Adapter = &recipe.Adapter{Width: 9, Kernel: []int{3, 1, 5}, Depthwise: depthwise, Stretch: "axes", Modulated: modulated,
			Activation: activation, Place: "before-attention", Blocks: "4,1"}
		require.Equal(t, &adapterInfo{Width: 9, Kernel: []int{3, 1, 5}, Depthwise: depthwise, Stretch: "axes", Modulated: modulated,
			Activation: activation, Place: "before-attention", Blocks: []int{1, 4}}, adaptersOf(m))
	}
}

// What a model has beside its encoder is described in the recipe's numbers, each in its place.
func TestInfoOfModules(t *testing.T) {
	info := func(name string, change func(*recipe.Recipe)) modelInfo {
		r, ok := systems.Preset(name)
		require.True(t, ok)
		change(&r)
		info, err := infoOf(name, r)
		require.NoError(t, err)
		return info
	}
	mae := info("mae-tiny", func(r *recipe.Recipe) {
		r.Model.DecoderDim, r.Model.DecoderDepth, r.Model.DecoderHeads, r.Train.ImageMask, r.Train.VideoMask = 96, 2, 3, 0.5, 0.75
	})
	require.Equal(t, []any{&decoderInfo{Dim: 96, Depth: 2, Heads: 3}, &maskInfo{Image: 0.5, Video: 0.75}}, []any{mae.Decoder, mae.Mask})
	s4d := info("s4d-tiny", func(r *recipe.Recipe) { r.Model.Experts, r.Model.TopK, r.Model.Position = 5, 3, "0,2" })
	require.Equal(t, &expertsInfo{Count: 5, TopK: 3, Blocks: []int{0, 2}}, s4d.Experts)
	s2d := info("s2d-tiny", func(r *recipe.Recipe) {
		r.Model.Temporal, r.Model.Prompter.Width = &recipe.Temporal{Width: 12, Heads: 3}, 6
	})
	require.Equal(t, &temporalInfo{Width: 12, Heads: 3}, s2d.Temporal)
	require.Equal(t, []int{6, mobilefacenet.Width}, []int{s2d.Prompter.Width, s2d.Prompter.LandmarkWidth})
	one := info("s4d-tiny", func(r *recipe.Recipe) { r.Model.Experts, r.Model.TopK, r.Model.Position = 5, 1, "3" })
	require.Equal(t, &expertsInfo{Count: 5, TopK: 1, Blocks: []int{3}}, one.Experts)
	require.Less(t, one.ActiveParameters, one.Parameters)
	still := info("s2d-tiny", func(r *recipe.Recipe) { r.Model.Temporal.Width, r.Model.Temporal.Heads = 0, 0 })
	require.Nil(t, still.Temporal)
	require.NotNil(t, still.Prompter)
	unprompted := recipe.Model{Prompter: &recipe.Prompter{LandmarkWidth: 4}, Temporal: &recipe.Temporal{Heads: 2}}
	require.Nil(t, promptersOf(unprompted, nil))
	require.Nil(t, temporalOf(unprompted))
}

// Every row that a description can have, in its order.
func TestInfoTable(t *testing.T) {
	m := modelInfo{Format: "f", Model: "m", System: "s4d", Kind: "k", Parameters: 300, ActiveParameters: 200, TunableParameters: 100,
		Encoder: recipe.Encoder{ImageSize: 160, Frames: 8, PatchSize: 16, Tubelet: 2, Dim: 64, Depth: 3, Heads: 4, MLPRatio: 5},
		Decoder: &decoderInfo{Dim: 32, Depth: 1, Heads: 2}, Mask: &maskInfo{Image: 0.5, Video: 0.875},
		Experts: &expertsInfo{Count: 6, TopK: 2, Blocks: []int{1, 2}}, Adapter: &adapterInfo{Width: 9, Place: "after-mlp", Blocks: []int{0, 2}},
		Prompter: &prompterInfo{Width: 13, LandmarkWidth: 17, LandmarkParameters: 1900}, Temporal: &temporalInfo{Width: 24, Heads: 3},
		ImageTokens: 1, VideoTokens: 400,
		MACs: map[data.Modality]int{data.Video: 1_234_567_000, data.Image: 999},
		Cost: &run.Cost{Steps: map[data.Modality]int{data.Image: 7, data.Video: 11}, Views: map[data.Modality]int{data.Image: 1, data.Video: 22},
			StepMACs: map[data.Modality]float64{data.Image: 2e6, data.Video: 3e12}, ForwardMACs: 4.5e15, TrainingMACs: 1.35e22},
		ImageLabels: []string{"a", "b"}, VideoLabels: []string{"c", "d", "e"}, Precision: "int8",
		Run: &runInfo{Recipe: "tiny", Data: []run.Source{{Set: "training", Modality: data.Image, Origin: "l.csv", Samples: 5, Classes: 1},
			{Set: "validation", Modality: data.Video, Origin: "drawn faces", Samples: 1, Classes: 3}},
			EpochsDone: 4, Epochs: 9, Loss: map[data.Modality]float64{data.Video: 0.25, data.Image: 1.5},
			Final:       &infer.Report{Static: &infer.Score{UAR: 10.126, WAR: 20.5, N: 30}, Dynamic: &infer.Score{UAR: 40, WAR: 50.25, N: 60}},
			Environment: &run.Environment{Version: "v1", Go: "go2", Arch: "linux/amd64", Backend: "cpu/avx2", Seed: 3}},
		learned: "2 drawn images", note: "n"}
	require.Equal(t, [][]string{
		{"system", "s4d"},
		{"parameters", "300"},
		{"active parameters", "200"},
		{"tunable parameters", "100"},
		{"encoder", "64 wide, 3 blocks, 4 heads"},
		{"image", "160×160, 1 token"},
		{"video", "8 frames, 400 tokens"},
		{"forward pass", "0.999 kMAC an image, 1.235 GMAC a video"},
		{"decoder", "32 wide, 1 block, 2 heads"},
		{"hidden", "50 % of an image, 87.5 % of a video"},
		{"experts", "6, 2 a token, in blocks 1, 2"},
		{"adapters", "9 wide, plain, after-mlp, in blocks 0, 2"},
		{"prompters", "13 wide; their landmark network, 17 wide, has 1900 more parameters"},
		{"adapters", "24 wide, 3 heads, over time"},
		{"image classes", "a, b"},
		{"video classes", "c, d, e"},
		{"precision", "int8"},
		{"learned from", "2 drawn images"},
		{"training step", "2 MMAC on images, 3 TMAC on videos"},
		{"steps", "7 on images, 11 on videos"},
		{"views", "1 image, 22 videos"},
		{"whole run", "4.5 PMAC forward, 1.35e+04 EMAC with backward passes"},
		{"recipe", "tiny"},
		{"training", "5 images of 1 class: l.csv"},
		{"validation", "1 video of 3 classes: drawn faces"},
		{"epochs", "4 of 9"},
		{"loss of last epoch", "image 1.5000, video 0.2500"},
		{"static", "UAR 10.13, WAR 20.50 of 30"},
		{"dynamic", "UAR 40.00, WAR 50.25 of 60"},
		{"trained by", "mien v1, go2, linux/amd64, cpu/avx2, seed 3"},
		{"note", "n"},
	}, m.rows())
}
