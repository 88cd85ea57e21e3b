package ablate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/mobilefacenet"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/run"
)

// Studies whose first stage is the fine-tuning of an image model, which may read landmarks.

// toy is a small form of s2d-tiny, for one modality, in a file.
func toy(t *testing.T, name string, m data.Modality) string {
	t.Helper()
	r, err := recipe.Load("s2d-tiny")
	require.NoError(t, err)
	r.Name = name
	r.Model.ImageSize, r.Model.PatchSize, r.Model.Dim, r.Model.Prompter.LandmarkWidth = 16, 8, 16, 2
	r.Model.ImageClasses, r.Model.VideoClasses = data.ByModality(m, 7, 0), data.ByModality(m, 0, 7)
	r.Views.Image.Decode, r.Views.Video.Decode = 16, 16
	r.Data.DrawnImages, r.Data.DrawnVideos, r.Data.DrawnTest = data.ByModality(m, 20, 0), data.ByModality(m, 0, 9), data.ByModality(m, 6, 5)
	r.Train.Epochs, r.Train.WarmupEpochs, r.Train.ImageBatch, r.Train.VideoBatch = 2, 0.5, 5, 3
	if m == data.Image {
		r.Model.Temporal, r.Train.Distillation, r.Train.Freeze = nil, nil, nil
	}
	text, err := r.Text()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), name+".toml")
	require.NoError(t, os.WriteFile(path, text, 0o644))
	return path
}

// landmarked is a study of S2D's modules with landmark weights, into a new folder.
func landmarked(t *testing.T, seeds ...uint64) Study {
	t.Helper()
	width := func(table string) map[string]any {
		return map[string]any{"model": map[string]any{table: map[string]any{"width": 0}}}
	}
	neither := map[string]any{"model": map[string]any{"prompter": map[string]any{"width": 0}, "temporal": map[string]any{"width": 0}}}
	a := recipe.Ablation{Name: "modules", Title: "Modules", Note: "of a toy", Pretrain: toy(t, "faces", data.Image), Finetune: toy(t, "clips", data.Video),
		Rows: []recipe.Row{
			{Name: "mean", Pretrain: width("prompter"), Finetune: neither},
			{Name: "whole"},
			{Name: "joined", Pretrain: width("prompter"), Finetune: width("prompter")},
			{Name: "prompted", Finetune: width("temporal")},
		}}
	b := cpu.New()
	t.Cleanup(func() { b.Close() })
	s := nn.NewScope(b, engine.Float32, nn.Random{Seed: 7})
	mobilefacenet.NewTrunk(s, 2)
	path := filepath.Join(t.TempDir(), "landmarks.safetensors")
	require.NoError(t, modelfile.Write(path, s.Params(), nil))
	return Study{Ablation: a, Seeds: seeds, Observer: &watched{},
		Options: run.Options{Backend: b, Landmarks: path, Out: filepath.Join(t.TempDir(), "study")}}
}

// The image model of each row is fine-tuned once for rows that share it, frozen, and adapted; the landmark network is for those that read it.
func TestStudyOfAnImageModel(t *testing.T) {
	s := landmarked(t, 5, 2)
	result, err := s.alone(t.Context())
	require.NoError(t, err)
	var want []string
	for i, seed := range s.Seeds {
		for j, run := range []string{"mean %d pretrain", "mean %d finetune", "whole %d pretrain", "whole %d finetune", "joined %d finetune", "prompted %d finetune"} {
			want = append(want, fmt.Sprintf(run+", %d of 12", seed, 6*i+j))
		}
	}
	require.Equal(t, want, s.Observer.(*watched).runs)
	require.Equal(t, "of a toy", result.Note)
	require.Len(t, models(t, s.Out), 12)

	state := func(row, stage string) *run.State {
		x, err := run.ReadState(s.folder(place{row, 2, stage}))
		require.NoError(t, err)
		return x
	}
	for row, network := range map[string]bool{"mean": false, "whole": true, "joined": false, "prompted": true} {
		x := state(row, recipe.Finetune)
		require.Equal(t, 7, x.Recipe.Model.VideoClasses)
		file, err := modelfile.Open(s.tuned(row, 2))
		require.NoError(t, err)
		has := slices.ContainsFunc(file.Names(), func(name string) bool { return strings.HasPrefix(name, "landmarks.") })
		require.NoError(t, file.Close())
		require.Equal(t, network, has, row)
	}
	require.Equal(t, 7, state("mean", recipe.Pretrain).Recipe.Model.ImageClasses)
	mean, whole, joined, prompted := result.Rows[0], result.Rows[1], result.Rows[2], result.Rows[3]
	require.Equal(t, 2*16+16*7+7, mean.TunableParameters, "the last norm and the head")
	require.Equal(t, whole.TunableParameters-whole.Parameters, mean.TunableParameters-mean.Parameters, "as much is frozen")
	require.Equal(t, mean.Parameters, whole.Parameters-(whole.TunableParameters-mean.TunableParameters))
	require.Greater(t, whole.TunableParameters, joined.TunableParameters)
	require.Greater(t, whole.TunableParameters, prompted.TunableParameters)
	require.Equal(t, *mean.PretrainingMACs, *joined.PretrainingMACs)
	require.Less(t, *mean.PretrainingMACs, *whole.PretrainingMACs)
	source := func(set string, m data.Modality, samples, classes int) run.Source {
		return run.Source{Set: set, Modality: m, Origin: run.DrawnFaces, Samples: samples, Classes: classes}
	}
	require.Equal(t, []run.Source{source("training", data.Image, 20, 7), source("validation", data.Image, 6, 6)}, result.Pretrain)
	require.Equal(t, []run.Source{source("training", data.Video, 9, 7), source("validation", data.Video, 5, 5)}, result.Finetune)

	steps := 0
	s.Resume, s.Seeds, s.Observer = true, []uint64{2, 5}, &watched{step: func() { steps++ }}
	again, err := s.alone(t.Context())
	require.NoError(t, err)
	require.Zero(t, steps)
	require.Equal(t, whole.Dynamic.UAR.Mean, again.Rows[1].Dynamic.UAR.Mean)
}

// Epochs are of stages, whatever their kind; images go to the first and videos to the second; --init replaces the first.
func TestStagesOfAnImageModel(t *testing.T) {
	s := landmarked(t, 5)
	s.Epochs = map[string]int{recipe.Pretrain: 3, recipe.Finetune: 4}
	s.Train = data.Lists{StaticList: "faces.txt", StaticRoot: "faces", DynamicList: "clips.csv", DynamicRoot: "clips"}
	s.Validation = data.Lists{StaticList: "val.txt", DynamicList: "val.csv", DynamicRoot: "val"}
	stages := func() (all []stage) {
		p, err := s.plan(new([]stage))
		require.NoError(t, err)
		return p.stages
	}
	for i, x := range stages() {
		first := i == 0 || i == 2
		require.Equal(t, []any{first, i == 2 || i == 3 || i == 5}, []any{x.name == recipe.Pretrain, x.Landmarks != ""}, i)
		if first {
			require.Equal(t, data.Lists{StaticList: "faces.txt", StaticRoot: "faces"}, x.Train)
			require.Equal(t, data.Lists{StaticList: "val.txt"}, x.Validation)
			require.Equal(t, 3, x.Recipe.Train.Epochs)
		} else {
			require.Equal(t, data.Lists{DynamicList: "clips.csv", DynamicRoot: "clips"}, x.Train)
			require.Equal(t, data.Lists{DynamicList: "val.csv", DynamicRoot: "val"}, x.Validation)
			require.Equal(t, 4, x.Recipe.Train.Epochs)
		}
	}
	s.Pretrain = data.Lists{StaticList: "more.txt", StaticRoot: "more", DynamicList: "more.csv"}
	first, second := stages()[2], stages()[3]
	require.Equal(t, data.Lists{StaticList: "more.txt", StaticRoot: "more"}, first.Train)
	require.Equal(t, data.Lists{DynamicList: "clips.csv", DynamicRoot: "clips"}, second.Train)
	s.Pretrain = data.Lists{}
	s.Init, s.Only = "image-model", []string{"whole", "prompted"}
	inits := map[string]string{}
	for _, x := range stages() {
		inits[x.row+" "+x.name] = x.Init
	}
	require.Equal(t, map[string]string{"whole finetune": "image-model", "prompted finetune": "image-model"}, inits)
	s.Init, s.Train.StaticList, s.Train.StaticRoot = "", "", ""
	require.ErrorContains(t, s.mistake(t), "row whole: its first stage learns from no list that is given: give one of its modality, or --init")
	s.Init = "image-model"
	require.Len(t, stages(), 2)
}

// A list that no run takes is refused: with --init nothing learns from images, or is measured on them.
func TestListsThatNoRunTakes(t *testing.T) {
	refusal := func(change func(s *Study)) string {
		s := landmarked(t, 5)
		s.Train = data.Lists{StaticList: "faces.txt", DynamicList: "clips.csv"}
		s.Validation = data.Lists{StaticList: "val.txt", DynamicList: "val.csv"}
		s.Only = []string{"whole", "prompted"}
		change(&s)
		_, _, err := plansOf([]Study{s})
		if err == nil {
			return ""
		}
		return err.Error()
	}
	require.Empty(t, refusal(func(*Study) {}))
	require.Equal(t, "--static-list faces.txt: no run learns from images of it: leave it out", refusal(func(s *Study) { s.Init = "model" }))
	require.Equal(t, "--val-static-list val.txt: no run is measured on images: leave it out", refusal(func(s *Study) { s.Init, s.Train.StaticList = "model", "" }))
	require.Empty(t, refusal(func(s *Study) { s.Init, s.Train.StaticList, s.Validation.StaticList = "model", "", "" }))
	images := func(s *Study) {
		s.Ablation.Finetune, s.Ablation.Rows = s.Ablation.Pretrain, []recipe.Row{{Name: "whole", Scratch: true}, {Name: "prompted", Scratch: true}}
	}
	require.Equal(t, "--dynamic-list clips.csv: no run learns from videos of it: leave it out", refusal(images))
	require.Equal(t, "--val-dynamic-list val.csv: no run is measured on videos: leave it out", refusal(func(s *Study) {
		images(s)
		s.Train.DynamicList = ""
	}))

	// The lists of pre-training stand there instead of the others, and what replaces pre-training replaces them, too.
	require.Equal(t, "--static-list faces.txt: no run learns from images of it: leave it out", refusal(func(s *Study) { s.Pretrain.StaticList = "more.txt" }))
	require.Equal(t, "--pretrain-dynamic-list more.csv: no run is pre-trained on videos: leave it out", refusal(func(s *Study) {
		s.Train.StaticList, s.Pretrain = "", data.Lists{StaticList: "more.txt", DynamicList: "more.csv"}
	}))
	replaced := func(s *Study) { s.Init, s.Train.StaticList, s.Validation.StaticList = "model", "", "" }
	require.Equal(t, "--pretrain-static-list more.txt: no run is pre-trained on images: leave it out", refusal(func(s *Study) {
		replaced(s)
		s.Pretrain.StaticList = "more.txt"
	}))
	require.Equal(t, "--pretrain-epochs 4: no row is pre-trained: leave it out", refusal(func(s *Study) {
		replaced(s)
		s.Epochs = map[string]int{recipe.Finetune: 3, recipe.Pretrain: 4}
	}))
	require.Equal(t, "--pretrain-static-list faces.txt: no run is pre-trained on images: leave it out", refusal(func(s *Study) {
		images(s) // which are tuned on that very list
		s.Train.DynamicList, s.Validation.DynamicList, s.Pretrain.StaticList = "", "", "faces.txt"
	}))
	require.Empty(t, refusal(func(s *Study) {
		s.Train.StaticList, s.Pretrain.StaticList, s.Epochs = "", "more.txt", map[string]int{recipe.Pretrain: 4}
	}))

	clips := landmarked(t, 5) // of several studies, one that takes a list is enough, whichever it is
	clips.Init, clips.Only = "model", []string{"whole", "prompted"}
	clips.Train, clips.Validation = data.Lists{StaticList: "faces.txt", DynamicList: "clips.csv"}, data.Lists{StaticList: "val.txt", DynamicList: "val.csv"}
	faces := clips
	images(&faces)
	faces.Ablation.Name = "faces"
	for _, studies := range [][]Study{{clips, faces}, {faces, clips}} {
		_, _, err := plansOf(studies)
		require.NoError(t, err)
		_, _, err = plansOf(studies[:1])
		require.ErrorContains(t, err, "leave it out")
	}
}

// A landmark network is asked for before anything is written, and refused where no row reads it.
func TestLandmarksOfAStudy(t *testing.T) {
	s := landmarked(t, 5)
	path := s.Landmarks
	s.Landmarks = ""
	require.ErrorContains(t, s.mistake(t), "row whole, seed 5: system s2d reads the features of a landmark network: give its weights as --landmarks")
	s.Landmarks, s.Only = path, []string{"mean", "joined"}
	require.EqualError(t, s.mistake(t), "--landmarks "+path+": no row reads landmarks: leave it out")
	other := blinks(t, 5)
	other.Landmarks = path
	require.EqualError(t, other.mistake(t), "--landmarks "+path+": no row reads landmarks: leave it out")
	s.Only = nil
	s.Ablation.Rows[3].Finetune = map[string]any{"system": "feadapter"}
	require.ErrorContains(t, s.mistake(t), "row prompted: system feadapter (kind finetune) does not read model.dropout")
}

// What all embedded ablations leave out: those that read landmarks, in either stage, without a network, and those about drawn onsets where
// there are lists of videos.
func TestLeftOut(t *testing.T) {
	reason := func(s Study) string {
		text, err := s.LeftOut()
		require.NoError(t, err)
		return text
	}
	s := landmarked(t, 5)
	require.Empty(t, reason(s))
	s.Landmarks = ""
	require.Equal(t, "some of its rows read landmarks: give --landmarks", reason(s))
	s.Ablation.Rows = s.Ablation.Rows[:1]
	require.Empty(t, reason(s))
	s.Ablation.Rows[0].Pretrain = nil
	require.NotEmpty(t, reason(s), "the image model reads them")
	s.Ablation.Rows[0].Scratch = true
	require.Empty(t, reason(s))

	lists := run.Options{Train: data.Lists{StaticList: "faces.txt"}}
	for name, left := range map[string]bool{"feadapter-temporal": true, "feadapter-blocks": true, "feadapter-place": true, "models": false} {
		a, err := recipe.LoadAblation(name)
		require.NoError(t, err)
		require.Empty(t, reason(Study{Ablation: a, Options: lists}), name)
		listed := lists
		listed.Train.DynamicList = "clips.csv"
		require.Equal(t, left, reason(Study{Ablation: a, Options: listed}) == "it is about drawn onsets and offsets, without --dynamic-list", name)
	}
	a := s.Ablation
	a.Finetune = "none"
	_, err := Study{Ablation: a}.LeftOut()
	require.ErrorContains(t, err, `recipe "none"`)
}
