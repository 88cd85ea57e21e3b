package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/infer"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/run"
	"mien/system"
	"mien/systems"
)

// odd is a toy in whose recipe no two numbers are equal, with heads of so many classes; with one head, of a
// plain transformer.
func odd(t *testing.T, name string, images, videos int) recipe.Recipe {
	t.Helper()
	r := toyRecipe(t, name)
	m := &r.Model
	if images == 0 && r.Kind == recipe.Finetune {
		r.System, m.Experts, m.TopK, m.Position, r.Train.RouterNoise = "vit", 0, 0, "", false
	}
	m.ImageSize, m.PatchSize, m.Frames, m.Tubelet, m.Dim, m.Depth, m.Heads, m.MLPRatio, r.Data.Stride = 12, 4, 6, 3, 20, 5, 2, 1, 7
	r.Views.Image.Decode, r.Views.Video.Decode = 18, 18
	switch r.System {
	case "mae":
		m.DecoderDim, m.DecoderDepth, m.DecoderHeads, r.Train.ImageMask, r.Train.VideoMask = 8, 3, 4, 0.25, 0.75
	case "s4d":
		m.Experts, m.TopK, m.ExpertHidden, m.Position = 9, 3, 8, "1,4"
	}
	if r.Kind == recipe.Finetune {
		m.ImageClasses, m.VideoClasses, r.Train.Freeze = images, videos, []string{"blocks.0.*"}
	}
	require.NoError(t, r.Check())
	return r
}

// described is what info has to say of such a recipe, counted on the model itself.
func described(t *testing.T, name string, r recipe.Recipe) modelInfo {
	t.Helper()
	s, err := systems.Of(r)
	require.NoError(t, err)
	params, net, err := run.Outline(s, r)
	require.NoError(t, err)
	all, frozen := nn.Count(params), 0
	for _, p := range params {
		if strings.HasPrefix(p.Name, "blocks.0.") {
			frozen += nn.Count([]nn.Param{p})
		}
	}
	info := modelInfo{Format: "mien-info-1", Model: name, System: r.System, Kind: r.Kind, Parameters: all, ActiveParameters: all,
		TunableParameters: all - frozen, Encoder: r.Model.Encoder, ImageTokens: 9, VideoTokens: 18, Stride: 7, MACs: map[data.Modality]int{}}
	for _, m := range []data.Modality{data.Image, data.Video} {
		if r.Kind == recipe.Pretrain || r.Classes(m) > 0 {
			info.MACs[m] = net.MACs(m)
		}
	}
	switch r.System {
	case "mae":
		info.Decoder, info.Mask, info.TunableParameters = &decoderInfo{8, 3, 4}, &maskInfo{0.25, 0.75}, all
	case "s4d":
		info.ActiveParameters, info.Experts = net.(system.Sparse).ActiveParams(all), &expertsInfo{Count: 9, TopK: 3, Blocks: []int{1, 4}}
		require.Less(t, info.ActiveParameters, all)
	}
	return info
}

// All that info says of a recipe, of a run that has not begun and of a stored model: of one with experts, a plain one with one head, and a
// masked autoencoder.
func TestInfoIsWhole(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	for _, c := range []struct {
		name           string
		images, videos int // classes
	}{{"s4d-tiny", 11, 13}, {"s4d-tiny", 0, 13}, {"s4d-tiny-pretrain", 0, 0}} {
		r := odd(t, c.name, c.images, c.videos)
		text, err := r.Text()
		require.NoError(t, err)
		dir := t.TempDir()
		write(t, dir, "recipe.toml", string(text))
		file := filepath.Join(dir, "recipe.toml")
		want := described(t, file, r)

		got, err := (&infoCmd{Recipe: file, Images: 10, Videos: 8}).describe()
		require.NoError(t, err)
		_, net, err := run.Outline(of(t, r), r)
		require.NoError(t, err)
		cost := run.CostOf(r, net, map[data.Modality]int{data.Image: 10, data.Video: 8})
		require.NotEqual(t, cost.Steps[data.Image], cost.Steps[data.Video])
		want.Cost = &cost
		require.Equal(t, want, got)

		got, err = (&infoCmd{Model: dir}).describe()
		require.NoError(t, err)
		want.Model, want.Cost, want.Run = dir, nil, &runInfo{Recipe: r.Name, Epochs: r.Train.Epochs}
		require.Equal(t, want, got)

		scope := nn.NewScope(b, engine.Float32, nn.Random{Seed: 3})
		of(t, r).Build(scope, r)
		trained := modelfile.Trained{data.Image: {Listed: 4}, data.Video: {Drawn: 6}}
		labels := map[data.Modality][]string{}
		for _, m := range []data.Modality{data.Image, data.Video} {
			if n := r.Classes(m); n > 0 {
				labels[m] = data.Unnamed(n)
			}
		}
		metadata, err := modelfile.Metadata(r, labels, trained)
		require.NoError(t, err)
		model := filepath.Join(dir, "stored.safetensors")
		require.NoError(t, modelfile.Write(model, scope.Params(), metadata))
		scope.Free()
		got, err = (&infoCmd{Model: model}).describe()
		require.NoError(t, err)
		want.Model, want.Run, want.Precision, want.Trained, want.learned = model, nil, "f32", trained, "4 listed images; 6 drawn videos"
		want.ImageLabels, want.VideoLabels = labels[data.Image], labels[data.Video]
		require.Equal(t, want, got)
		if r.Kind == recipe.Pretrain {
			continue // which is stored at f32 alone
		}
		code, _, stderr := mien("convert", "--precision", "bf16", model, filepath.Join(dir, "half.safetensors"))
		require.Zero(t, code, stderr)
		got, err = (&infoCmd{Model: filepath.Join(dir, "half.safetensors")}).describe()
		require.NoError(t, err)
		want.Model, want.Precision = filepath.Join(dir, "half.safetensors"), "bf16"
		require.Equal(t, want, got)
	}
}

// of returns the system of a recipe.
func of(t *testing.T, r recipe.Recipe) *system.System {
	t.Helper()
	s, err := systems.Of(r)
	require.NoError(t, err)
	return s
}

// What a run folder adds of a run on its way, and of a finished one.
func TestDescribedRun(t *testing.T) {
	r := toyRecipe(t, "s4d-tiny")
	r.Train.Epochs = 9
	sources := []run.Source{{Set: "training", Modality: data.Video, Origin: "a.csv", Samples: 5, Classes: 3}, {Set: "validation", Modality: data.Image, Samples: 2, Classes: 4}}
	state := &run.State{Recipe: r, Epochs: 4, Data: sources}
	got, err := describeRun(state, t.TempDir())
	require.NoError(t, err)
	want := &runInfo{Recipe: r.Name, Data: sources, EpochsDone: 4, Epochs: 9}
	require.Equal(t, want, got)
	state.Finished, state.Metrics = true, &run.Metrics{Loss: map[data.Modality]float64{data.Video: 0.5}, Epochs: 4,
		Environment: run.Environment{Version: "v", Go: "g", Arch: "a", Backend: "b", Seed: 6}, Final: &infer.Report{Dynamic: &infer.Score{UAR: 7}}}
	got, err = describeRun(state, t.TempDir())
	require.NoError(t, err)
	want.Loss, want.Environment, want.Final = state.Metrics.Loss, &state.Metrics.Environment, state.Metrics.Final
	require.Equal(t, want, got)
	got, err = describeRun(nil, "")
	require.NoError(t, err)
	require.Nil(t, got)
}
