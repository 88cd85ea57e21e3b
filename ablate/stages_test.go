package ablate

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/recipe"
	"mien/run"
)

// Lists go to the stages that learn from them; those of pre-training are its own, if there are any.
func TestListsOfStages(t *testing.T) {
	s := blinks(t, 2)
	s.Train = data.Lists{StaticList: "faces.txt", StaticRoot: "faces", DynamicList: "clips.csv", DynamicRoot: "clips"}
	s.Validation = data.Lists{StaticList: "val.txt", DynamicList: "val.csv", DynamicRoot: "val"}
	images, videos := data.Lists{StaticList: "faces.txt", StaticRoot: "faces"}, data.Lists{DynamicList: "clips.csv", DynamicRoot: "clips"}
	stages := func() (lists, validation []data.Lists) {
		p, err := s.plan(new([]stage))
		require.NoError(t, err)
		for _, stage := range p.stages {
			lists, validation = append(lists, stage.Train), append(validation, stage.Validation)
		}
		return lists, validation
	}
	lists, validation := stages()
	require.Equal(t, []data.Lists{s.Train, s.Train, videos, images, s.Train, s.Train}, lists)
	require.Equal(t, []data.Lists{s.Validation, {}, {DynamicList: "val.csv", DynamicRoot: "val"}, {}, s.Validation, s.Validation}, validation)

	s.Pretrain = data.Lists{StaticList: "more.txt"}
	s.Only = []string{"images", "vit"}
	lists, _ = stages()
	require.Equal(t, []data.Lists{s.Pretrain, videos, s.Pretrain, s.Train}, lists)
}

// Rows that are carried out alone have the runs that they have among all, so that a study of some goes on with the others: pre-training
// is that of the first row with it, also where that row is left out.
func TestRunsOfSomeRows(t *testing.T) {
	s := blinks(t, 8, 6)
	stages := func(only ...string) map[string]stage {
		s.Only = only
		p, err := s.plan(new([]stage))
		require.NoError(t, err)
		runs := map[string]stage{}
		for _, x := range p.stages {
			dir, err := filepath.Rel(s.Out, x.Out)
			require.NoError(t, err)
			runs[filepath.ToSlash(dir)] = x
		}
		return runs
	}
	all := stages()
	require.Len(t, all, 12)
	for row, pretrain := range map[string]string{"scratch": "", "vit": "vit", "images": "images", "one": "vit"} {
		want := map[string]stage{}
		for _, seed := range s.Seeds {
			of := func(row, kind string) string { return fmt.Sprintf("%s/seed-%d/%s", row, seed, kind) }
			want[of(row, recipe.Finetune)] = all[of(row, recipe.Finetune)]
			if pretrain != "" {
				want[of(pretrain, recipe.Pretrain)] = all[of(pretrain, recipe.Pretrain)]
			}
		}
		require.Equal(t, want, stages(row), row)
	}
}

// Weights that are given replace pre-training, but in rows that begin from scratch.
func TestInitReplacesPretraining(t *testing.T) {
	s := blinks(t, 8, 6)
	s.Init, s.Only = "encoder.pth", []string{"scratch", "vit"}
	p, err := s.plan(new([]stage))
	require.NoError(t, err)
	var inits, folders []string
	for _, stage := range p.stages {
		inits = append(inits, stage.Init)
		dir, err := filepath.Rel(s.Out, stage.Out)
		require.NoError(t, err)
		folders = append(folders, filepath.ToSlash(dir))
	}
	require.Equal(t, []string{"", "encoder.pth", "", "encoder.pth"}, inits)
	require.Equal(t, []string{"scratch/seed-8/finetune", "vit/seed-8/finetune", "scratch/seed-6/finetune", "vit/seed-6/finetune"}, folders)

	none, err := p.pretrainingMACs(p.rows[0])
	require.NoError(t, err)
	require.Equal(t, new(float64), none, "from scratch is without, whatever the others begin with")
	unknown, err := p.pretrainingMACs(p.rows[1])
	require.NoError(t, err)
	require.Nil(t, unknown)
}

// The epochs that are asked for are those of all runs of their kind, and the others keep theirs.
func TestEpochsOfKinds(t *testing.T) {
	for _, want := range []map[string]int{{}, {recipe.Pretrain: 5}, {recipe.Finetune: 4}, {recipe.Pretrain: 7, recipe.Finetune: 6}} {
		s := blinks(t, 1)
		s.Epochs = want
		p, err := s.plan(new([]stage))
		require.NoError(t, err)
		require.Len(t, p.stages, 6)
		for _, x := range p.stages {
			epochs, ok := want[x.Recipe.Kind]
			if !ok {
				epochs = map[string]int{recipe.Pretrain: 2, recipe.Finetune: 3}[x.Recipe.Kind]
			}
			require.Equal(t, epochs, x.Recipe.Train.Epochs, "%s %s", x.row, x.Recipe.Kind)
		}
	}
}

// Runs are the same if nothing but names tells them apart, and a pre-training may be of other sizes than what its encoder is tuned for
// where these are not learned.
func TestRunsThatAreTheSame(t *testing.T) {
	s := blinks(t, 3)
	lists := func(name string) data.Lists {
		return data.Lists{StaticList: name, StaticRoot: name, DynamicList: name, DynamicRoot: name}
	}
	first := s.stage(place{"vit", 3, recipe.Finetune}, must(recipe.Load("testdata/finetune.toml")), "a")
	first.Train, first.Validation = lists("a"), lists("b")
	named := first
	named.row, named.Recipe.Name, named.Out = "other", "other", "other"
	require.True(t, sameRun(first, named))
	for name, change := range map[string]func(s *stage){
		"recipe":     func(s *stage) { s.Recipe.Train.Clip = 2 },
		"seed":       func(s *stage) { s.Recipe.Seed = 4 },
		"init":       func(s *stage) { s.Init = "b" },
		"train":      func(s *stage) { s.Train.DynamicRoot = "c" },
		"validation": func(s *stage) { s.Validation.StaticList = "c" },
	} {
		other := first
		change(&other)
		require.False(t, sameRun(first, other), name)
	}

	for key, want := range map[string]string{"image_size": "", "frames": "", "tubelet": "its encoder", "mlp_ratio": "its encoder", "heads": "its encoder"} {
		r := row{finetune: must(recipe.Load("testdata/finetune.toml"))}
		p := must(recipe.Load("testdata/pretrain.toml"))
		r.pretrain = &p
		*map[string]*int{"image_size": &p.Model.ImageSize, "frames": &p.Model.Frames, "tubelet": &p.Model.Tubelet, "mlp_ratio": &p.Model.MLPRatio,
			"heads": &p.Model.Heads}[key] *= 2
		if err := s.check(r); want == "" {
			require.NoError(t, err, key)
		} else {
			require.ErrorContains(t, err, want, key)
		}
		s.Init = "encoder.pth"
		require.NoError(t, s.check(r), "it is not pre-trained")
		s.Init = ""
	}
	r := row{pretrain: new(recipe.Recipe), finetune: must(recipe.Load("testdata/finetune.toml"))}
	*r.pretrain = must(recipe.Load("testdata/pretrain.toml"))
	r.pretrain.Train.DynamicShare, s.Pretrain = 0, data.Lists{DynamicList: "clips.csv"}
	require.ErrorContains(t, s.check(r), "its first stage learns from no list that is given")
	s.Init = "encoder.pth"
	require.NoError(t, s.check(r), "lists of pre-training do not matter then")
}

// What is asked for and cannot be is refused before anything is written.
func TestStudiesThatCannotBe(t *testing.T) {
	for want, change := range map[string]func(s *Study){
		"--only three: ablation blinks has the rows scratch, vit, images, one": func(s *Study) { s.Only = []string{"one", "three"} },
		"row images: it is about its first stage, which --init replaces":       func(s *Study) { s.Init = "encoder.pth" },
		"row vit: it learns from no list that is given":                        func(s *Study) { s.Train.StaticList, s.Validation.StaticList = "a", "b" },
		"row scratch: it would not be measured: give --val-static-list":        func(s *Study) { s.Train.StaticList = "a" },
		"row vit: it would not be measured: give --val-static-list": func(s *Study) {
			s.Train.StaticList, s.Train.DynamicList, s.Validation.StaticList = "a", "b", "c"
		},
		"row images: its first stage learns from no list that is given": func(s *Study) {
			s.Pretrain.DynamicList, s.Only = "a", []string{"images"}
		},
		"row scratch: train.epochs is 0": func(s *Study) { s.Epochs = map[string]int{recipe.Finetune: 0} },
		"row vit: system vit (kind finetune) does not read model.experts = 4, unlike s4d, vitmoe: leave it out, or set it to 0": func(s *Study) {
			model := s.Ablation.Rows[1].Finetune["model"].(map[string]any)
			delete(model, "experts")
		},
	} {
		s := blinks(t, 1)
		change(&s)
		_, err := s.alone(t.Context())
		require.ErrorContains(t, err, want)
		require.NoDirExists(t, s.Out)
	}
	s := blinks(t, 1)
	s.Ablation.Rows[1].Pretrain = map[string]any{"model": map[string]any{"depth": 3}}
	require.ErrorContains(t, s.mistake(t), "row vit: its encoder in the second stage is not that of the first: {ImageSize:16 Frames:4 "+
		"PatchSize:8 Tubelet:2 Dim:16 Depth:2 Heads:2 MLPRatio:2} is not {ImageSize:16 Frames:4 PatchSize:8 Tubelet:2 Dim:16 Depth:3 Heads:2 MLPRatio:2}")
	s = blinks(t, 1)
	file, err := recipe.Load("testdata/finetune.toml")
	require.NoError(t, err)
	file.Data.DrawnTest = 0
	require.ErrorContains(t, s.check(row{finetune: file}), "it would not be measured: give lists to learn from and to measure on")
	s.Validation.DynamicList = "val.csv"
	require.NoError(t, s.check(row{finetune: file}), "what learned from drawn faces may be measured on others")
}

// mistake returns the error of a study, which has written nothing.
func (s Study) mistake(t *testing.T) error {
	t.Helper()
	_, err := s.alone(t.Context())
	require.NoDirExists(t, s.Out)
	require.Empty(t, s.Observer.(*watched).runs)
	return err
}

// chosen is a study whose recipe chooses the best epoch on the videos of the test list, as the published ones do, with a row for each
// modality alone.
func chosen(t *testing.T) Study {
	s := blinks(t, 1)
	text, err := os.ReadFile("testdata/finetune.toml")
	require.NoError(t, err)
	s.Ablation.Finetune = filepath.Join(t.TempDir(), "chosen.toml")
	keys := "\nbest_by = 'war'\nbest_set = 'dynamic'\nbest_on_test = true\nuse_best = true\n"
	require.NoError(t, os.WriteFile(s.Ablation.Finetune, append(text, keys...), 0o644))
	share := func(modality string) map[string]any {
		return map[string]any{"train": map[string]any{modality + "_share": 0.0}}
	}
	s.Ablation.Rows = []recipe.Row{{Name: "joint"}, {Name: "static", Finetune: share("dynamic")}, {Name: "dynamic", Finetune: share("static")}}
	return s
}

// A row that learns nothing from the modality whose list chooses the best epoch chooses by what is left.
func TestBestEpochOfARow(t *testing.T) {
	s := chosen(t)
	result, err := s.alone(t.Context())
	require.NoError(t, err)
	require.Nil(t, result.Rows[1].Dynamic)
	require.Nil(t, result.Rows[2].Static)
	for row, want := range map[string]string{"joint": "dynamic", "static": "", "dynamic": "dynamic"} {
		state, err := run.ReadState(s.tuned(row, 1))
		require.NoError(t, err)
		require.Equal(t, want, state.Recipe.Train.BestSet, row)
		require.Equal(t, "war", state.Recipe.Train.BestBy, row)
	}

	text, err := os.ReadFile(s.Ablation.Finetune)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.Ablation.Finetune, bytes.Replace(text, []byte("'dynamic'"), []byte("'static'"), 1), 0o644))
	for i, want := range []string{"static", "static", ""} {
		_, finetune, err := s.recipes(s.Ablation.Rows[i])
		require.NoError(t, err)
		require.Equal(t, want, finetune.Train.BestSet, "chosen on images")
	}

	l := landmarked(t, 1) // of images and then of videos, by heads: either has a share in both
	best := func(set string) map[string]any { return map[string]any{"train": map[string]any{"best_set": set}} }
	for _, c := range [][2]string{{"static", "static"}, {"dynamic", "dynamic"}, {"static", "dynamic"}} {
		pretrain, finetune, err := l.recipes(recipe.Row{Name: "row", Pretrain: best(c[0]), Finetune: best(c[1])})
		require.NoError(t, err)
		require.Positive(t, min(pretrain.Train.StaticShare, pretrain.Train.DynamicShare, finetune.Train.StaticShare, finetune.Train.DynamicShare))
		kept := map[bool]string{true: "static"}[c[0] == "static"]
		require.Equal(t, kept, pretrain.Train.BestSet)
		require.Equal(t, map[bool]string{true: "dynamic"}[c[1] == "dynamic"], finetune.Train.BestSet)
	}
}

// What any run would refuse, the last one too, is known before the first one begins, pre-training included.
func TestStudiesThatWouldStop(t *testing.T) {
	dir := t.TempDir()
	list := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	train := func(key string, value any) map[string]any { return map[string]any{"train": map[string]any{key: value}} }
	golden := "../testdata/golden"
	faces := data.Lists{StaticList: list("static.txt", "clip/000.png 0\nclip/007.png 3\n"), StaticRoot: golden,
		DynamicList: list("dynamic.csv", "video_name,label\nclip,2\n"), DynamicRoot: golden}
	for want, change := range map[string]func(s *Study){
		"row dynamic, seed 1: an epoch has no full batch of videos: the set has 10": func(s *Study) {
			s.Ablation.Rows[2].Finetune = train("video_batch", 11)
		},
		"row static, seed 1: train.freeze: no parameter matches": func(s *Study) {
			s.Ablation.Rows[1].Finetune = train("freeze", []any{"decoder.*"})
		},
		"row joint, seed 1: train.best_set is dynamic: give --val-dynamic-list": func(s *Study) {
			s.Train, s.Validation, s.Only = faces, data.Lists{StaticList: faces.StaticList, StaticRoot: golden}, []string{"joint"}
		},
		"row joint, seed 1: 1 of the 2 images of the list cannot be read": func(s *Study) { // its pre-training looks at the other lists alone
			s.Train, s.Validation, s.Only = faces, faces, []string{"joint"}
			s.Validation.StaticList = list("gone.txt", "clip/000.png 0\ngone.png 3\n")
		},
		"row vit, seed 1: 1 of the 2 videos of the list cannot be read": func(s *Study) { // the first pre-training, of images, looks at other lists
			*s = blinks(t, 1)
			s.Train, s.Validation, s.Only = faces, faces, []string{"images", "one"}
			s.Pretrain = faces
			s.Pretrain.DynamicList = list("videos.csv", "video_name,label\nclip,2\ngone,1\n")
		},
		"row vit, seed 1: nowhere.pth: no such weights file or run folder": func(s *Study) { // which the first row does without
			*s = blinks(t, 1)
			s.Init, s.Only = "nowhere.pth", []string{"scratch", "vit"}
		},
	} {
		s := chosen(t)
		change(&s)
		require.ErrorContains(t, s.mistake(t), want)
	}

	s := chosen(t) // a run that was begun is compared with its folder
	s.Only = []string{"dynamic"}
	_, err := s.alone(t.Context())
	require.NoError(t, err)
	s.Only, s.Seeds, s.Resume, s.Observer = nil, []uint64{4, 1}, true, &watched{} // another seed, which would begin, comes first
	s.Ablation.Rows[2].Finetune["train"].(map[string]any)["lr"] = 2e-2
	_, err = s.alone(t.Context())
	require.ErrorContains(t, err, "row dynamic, seed 1: run folder "+s.tuned("dynamic", 1)+" belongs to another run: train.lr is 0.01 there and 0.02 here")
	require.Empty(t, s.Observer.(*watched).runs)
}
