package ablate

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/recipe"
	"mien/run"
)

// Every row of the embedded ablations has a model that a system can build, and is another than its neighbours: with the recipes of the
// ablations, and with the published ones.
func TestEmbeddedAblations(t *testing.T) {
	lists := data.Lists{StaticList: "faces.txt", DynamicList: "clips.csv"}
	for _, name := range recipe.Ablations() {
		a, err := recipe.LoadAblation(name)
		require.NoError(t, err, name)
		requireRows(t, Study{Ablation: a})
		a.Pretrain, a.Finetune = "s4d-pretrain", "s4d-ferv39k"
		requireRows(t, Study{Ablation: a, Options: run.Options{Train: lists, Validation: lists}})
	}
}

func requireRows(t *testing.T, s Study) {
	t.Helper()
	rows, err := s.rows()
	require.NoError(t, err, s.Ablation.Name)
	require.Greater(t, len(rows), 2)
	seen := map[string]string{}
	for _, r := range rows {
		finetune := r.finetune
		finetune.Name = ""
		text, err := finetune.Text()
		require.NoError(t, err)
		model := fmt.Sprintln(r.shared, r.Scratch, string(text))
		require.Empty(t, seen[model], "%s: row %s", s.Ablation.Name, r.Name)
		seen[model] = r.Name
	}
}

// Lists go to the stages that learn from them; those of pre-training are its own, if there are any.
func TestListsOfStages(t *testing.T) {
	s := blinks(t, 2)
	s.Train = data.Lists{StaticList: "faces.txt", StaticRoot: "faces", DynamicList: "clips.csv", DynamicRoot: "clips"}
	s.Validation = data.Lists{StaticList: "val.txt", DynamicList: "val.csv", DynamicRoot: "val"}
	images, videos := data.Lists{StaticList: "faces.txt", StaticRoot: "faces"}, data.Lists{DynamicList: "clips.csv", DynamicRoot: "clips"}
	stages := func() (lists, validation []data.Lists) {
		rows, err := s.rows()
		require.NoError(t, err)
		for _, stage := range s.stages(rows) {
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
		rows, err := s.rows()
		require.NoError(t, err)
		runs := map[string]stage{}
		for _, x := range s.stages(rows) {
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
	rows, err := s.rows()
	require.NoError(t, err)
	var inits, folders []string
	for _, stage := range s.stages(rows) {
		inits = append(inits, stage.Init)
		dir, err := filepath.Rel(s.Out, stage.Out)
		require.NoError(t, err)
		folders = append(folders, filepath.ToSlash(dir))
	}
	require.Equal(t, []string{"", "encoder.pth", "", "encoder.pth"}, inits)
	require.Equal(t, []string{"scratch/seed-8/finetune", "vit/seed-8/finetune", "scratch/seed-6/finetune", "vit/seed-6/finetune"}, folders)

}

// What is asked for and cannot be is refused before anything is written.
func TestStudiesThatCannotBe(t *testing.T) {
	for want, change := range map[string]func(s *Study){
		"--only three: ablation blinks has the rows scratch, vit, images, one": func(s *Study) { s.Only = []string{"one", "three"} },
		"row images: it is about pre-training, which --init replaces":          func(s *Study) { s.Init = "encoder.pth" },
		"row vit: it learns from no list that is given":                        func(s *Study) { s.Train.StaticList, s.Validation.StaticList = "a", "b" },
		"row scratch: it would not be measured: give --val-static-list":        func(s *Study) { s.Train.StaticList = "a" },
		"row vit: it would not be measured: give --val-static-list": func(s *Study) {
			s.Train.StaticList, s.Train.DynamicList, s.Validation.StaticList = "a", "b", "c"
		},
		"row images: it learns from no list that is given": func(s *Study) {
			s.Pretrain.DynamicList, s.Only = "a", []string{"images"}
		},
		"row scratch: train.epochs is 0": func(s *Study) { s.Epochs = map[string]int{recipe.Finetune: 0} },
		"row vit: model.experts is 4: the plain vit has none": func(s *Study) {
			model := s.Ablation.Rows[1].Finetune["model"].(map[string]any)
			delete(model, "experts")
		},
	} {
		s := blinks(t, 1)
		change(&s)
		_, err := s.Run(t.Context())
		require.ErrorContains(t, err, want)
		require.NoDirExists(t, s.Out)
	}
	s := blinks(t, 1)
	file, err := recipe.Load("testdata/finetune.toml")
	require.NoError(t, err)
	file.Data.DrawnTest = 0
	require.ErrorContains(t, s.check(row{finetune: file}), "it would not be measured: give lists to learn from and to measure on")
}
