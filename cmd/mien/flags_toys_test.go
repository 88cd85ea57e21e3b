package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/recipe"
)

// The toys of TestEveryFlagMatters: models of two blocks, sixteen wide, that learn from a few faces.

// toyRecipes writes recipes into a folder, and an ablation of them. Two models that may stand side by side differ in every number but what
// they see of a sample.
func toyRecipes(t *testing.T, dir string) {
	t.Helper()
	tune, pre := toyRecipe(t, "s4d-tiny"), toyRecipe(t, "s4d-tiny-pretrain")
	tune.Model.Experts, tune.Model.ExpertHidden, tune.Train.RouterNoise = 4, 6, true
	pre.Model.DecoderDim, pre.Model.DecoderHeads = 8, 2
	save := func(name string, r recipe.Recipe) {
		r.Name = name
		require.NoError(t, r.Check())
		text, err := r.Text()
		require.NoError(t, err)
		write(t, dir, name+".toml", string(text))
	}
	save("tune", tune)
	save("pre", pre)
	pre.Model.Dim, pre.Model.Heads = 24, 3
	save("prewide", pre)
	other := tune
	m := &other.Model
	m.Dim, m.Depth, m.Heads, m.Experts, m.ExpertHidden, m.ImageClasses, m.VideoClasses = 24, 4, 3, 5, 7, 8, 11
	save("other", other)
	seeded, once := tune, tune
	seeded.Seed = 5
	save("seeded", seeded)
	once.Train.Epochs = 1
	save("once", once)
	faces := toyRecipe(t, "s2d-tiny")
	faces.Model.Tubelet, faces.Model.VideoClasses, faces.Model.ImageClasses, faces.Model.Temporal, faces.Train.Distillation, faces.Data.DrawnVideos = 1, 0, 7, nil, nil, 0
	save("faces", faces)
	for name, seed := range map[string]uint64{"points": 3, "dots": 4} {
		require.NoError(t, writeLandmarks(filepath.Join(dir, name+".safetensors"), faces.Model.Prompter.LandmarkWidth, seed))
	}
	clips := toyRecipe(t, "s2d-tiny")
	clips.Model.Tubelet, clips.Data.DrawnImages = 1, 0
	save("clips", clips)
	marks := toyRecipe(t, "landmarks-tiny")
	marks.Model.LandmarkWidth, marks.Model.PatchSize = 2, 8
	marks.Data.DrawnImages, marks.Train.ImageBatch = 24, 24 // which take more memory than the test
	save("marks", marks)
	marks.Model.LandmarkWidth = 3
	save("dots", marks)
	videos := toyRecipe(t, "s2d-tiny")
	videos.Model.Tubelet, videos.Model.Heads, videos.Model.Temporal = 1, 1, &recipe.Temporal{Width: 16, Heads: 8}
	require.NoError(t, writePublished(filepath.Join(dir, "published.safetensors"), videos))
	path := func(name string) string { return filepath.ToSlash(filepath.Join(dir, name)) }
	ablation := `name = "NAME"
title = "Mine"
pretrain = "` + path("pre.toml") + `"
finetune = "` + path("tune.toml") + `"
[[row]]
name = "plain"
[[row]]
name = "one"
finetune.model.top_k = 1
`
	write(t, dir, "mine.toml", strings.Replace(ablation, "NAME", "mine", 1))
	write(t, dir, "yours.toml", strings.Replace(ablation, "NAME", "yours", 1))
	seeing, _, _ := strings.Cut(ablation, "[[row]]\nname = \"one\"")
	write(t, dir, "seeing.toml", strings.NewReplacer("NAME", "seeing", "pre.toml", "faces.toml", "tune.toml", "clips.toml").Replace(seeing))
}

// toyRecipe shrinks an embedded recipe to two epochs of a step on three images and a step on two videos.
func toyRecipe(t *testing.T, name string) recipe.Recipe {
	t.Helper()
	r, err := recipe.Load(name)
	require.NoError(t, err)
	m, d, tr := &r.Model, &r.Data, &r.Train
	m.ImageSize, m.PatchSize, m.Frames, m.Tubelet, m.Dim, m.Depth, m.Heads, m.MLPRatio = 16, 4, 4, 2, 16, 2, 2, 2
	d.DrawnImages, d.DrawnVideos, d.DrawnTest, d.Stride = 3, 2, 2, 2
	r.Seed = map[string]uint64{recipe.Pretrain: 4, recipe.Finetune: 2, recipe.Landmarks: 3}[r.Kind]
	r.Views.Image.Decode, r.Views.Video.Decode = 18, 18
	tr.Epochs, tr.WarmupEpochs, tr.ImageBatch, tr.VideoBatch, tr.VideoRepeat, tr.LR = 2, 0.5, 3, 2, 1, 1e-2
	switch r.Kind {
	case recipe.Pretrain:
		d.DrawnTest, tr.ImageMask, tr.VideoMask = 0, 0.5, 0.5
	case recipe.Landmarks:
		m.Tubelet, m.Dim, m.Depth, m.Heads, m.MLPRatio = 0, 0, 0, 0, 0
	}
	return r
}

// toyLists writes parts of the lists of faces, and lists of which two samples are missing.
func toyLists(t *testing.T, dir string) {
	t.Helper()
	read := func(name string) []string {
		text, err := os.ReadFile(filepath.Join(dir, "a", name))
		require.NoError(t, err)
		return strings.SplitAfter(string(text), "\n")
	}
	static, dynamic := read("static.txt"), read("dynamic.csv")
	save := func(name string, lines []string, more ...string) {
		write(t, dir, name, strings.Join(lines, "")+strings.Join(more, "\n"))
	}
	save("one.txt", static[:1])
	save("five.txt", static[:5])
	write(t, dir, "token", "0123456789abcdef\n")
	save("two.csv", dynamic[:3])
	save("three.csv", dynamic[:4])
	save("pairs.txt", nil, "images/00000-Neutral.png 2", "images/00001-Happiness.png 2", "images/00002-Sadness.png 5", "images/00003-Surprise.png 5")
	save("pairs.csv", dynamic[:1], "videos/00000-Happiness,1", "videos/00001-Sadness,1", "videos/00002-Neutral,4")
	save("bad.txt", static, "gone.png fear", "lost.png anger")
	save("bad.csv", dynamic, "gone,fear", "lost,anger")
}
