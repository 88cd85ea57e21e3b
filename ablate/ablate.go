// Package ablate carries out ablations: tables of runs that differ in single settings, over several seeds.
//
// The folder of an ablation holds
//
//	ablation.toml             the ablation
//	ROW/seed-N/pretrain       run folders of the first stage: of the first row with it, which the others share
//	ROW/seed-N/finetune       of the second
//	ablation.json             the table
//
// [Run] is the entry point. Go on with stages.go (which runs there are) and result.go (the table).
package ablate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"mien/atomicfile"
	"mien/data"
	"mien/recipe"
	"mien/run"
)

// Study is an ablation with what it is carried out on.
type Study struct {
	Ablation recipe.Ablation
	Only     []string // rows; all if there are none
	Seeds    []uint64
	Epochs   map[string]int // instead of those of the recipes, by stage

	// Options of all runs: Out is the folder of the whole, Train and Validation are of fine-tuning, Landmarks is for those that read any, and
	// Init, if given, replaces pre-training. Recipe, Resume and Watch are set for each.
	run.Options
	Pretrain data.Lists // of pre-training; none for those of fine-tuning
	Observer Watcher
}

// Watcher receives the progress of a study.
type Watcher interface {
	run.Watcher                                               // of each run
	Run(row string, seed uint64, stage string, done, all int) // before each run: how many are done, of how many
}

// Files of the folder.
const (
	recordFile = "ablation.toml"
	resultFile = "ablation.json"
)

// Run carries out studies one after the other: the runs of each seed and row, except those that the folders already hold. A run that
// several studies have is carried out once, in the folder of the first. It writes the table of each study when it is complete.
func Run(ctx context.Context, studies ...Study) (results []*Result, err error) {
	plans, all, err := plansOf(studies)
	if err != nil {
		return nil, err
	}
	checked := map[string]bool{} // folders
	for _, step := range []func(plan) error{
		plan.checkFolder,
		func(p plan) error {
			own := slices.DeleteFunc(slices.Clone(p.stages), func(s stage) bool { return checked[s.Out] })
			for _, s := range own {
				checked[s.Out] = true
			}
			return p.checkStages(ctx, own)
		},
		plan.begin,
	} {
		for _, p := range plans {
			if err := step(p); err != nil {
				return nil, err
			}
		}
	}
	metrics := map[string]*run.Metrics{} // by folder
	for _, p := range plans {
		for _, stage := range p.stages {
			if metrics[stage.Out] != nil {
				continue
			}
			p.Observer.Run(stage.row, stage.Recipe.Seed, stage.name, len(metrics), all)
			stage.Resume, stage.Watch = run.Begun(stage.Out), p.Observer
			if metrics[stage.Out], err = run.Train(ctx, stage.Options); err != nil {
				return nil, fmt.Errorf("row %s, seed %d: %w", stage.row, stage.Recipe.Seed, err)
			}
		}
		result, err := p.result(metrics)
		if err != nil {
			return nil, err
		}
		text, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			return nil, err
		}
		if err := atomicfile.WriteBytes(filepath.Join(p.Out, resultFile), append(text, '\n')); err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// plansOf plans studies, and counts their runs. Rows are called after their ablations too where there are several.
func plansOf(studies []Study) (plans []plan, runs int, err error) {
	var known []stage
	for _, s := range studies {
		p, err := s.plan(&known)
		if err != nil && len(studies) > 1 {
			err = fmt.Errorf("ablation %s: %w", s.Ablation.Name, err)
		}
		if err != nil {
			return nil, 0, err
		}
		for i := range p.stages {
			if len(studies) > 1 {
				p.stages[i].row = s.Ablation.Name + " " + p.stages[i].row
			}
		}
		plans = append(plans, p)
	}
	return plans, len(known), studies[0].checkTaken(known)
}

// checkTaken returns an error for a file, or epochs, of a command that none of its runs takes.
func (s Study) checkTaken(runs []stage) error {
	before := func(x stage) (o run.Options) { // of a pre-training
		if x.name == recipe.Pretrain {
			o = x.Options
		}
		return o
	}
	for _, f := range []struct {
		flag, file, nobody string
		of                 func(x stage) string
	}{
		{"landmarks", s.Landmarks, "no row reads landmarks", func(x stage) string { return x.Landmarks }},
		{"static-list", s.Train.StaticList, "no run learns from images of it", func(x stage) string { return x.Train.StaticList }},
		{"dynamic-list", s.Train.DynamicList, "no run learns from videos of it", func(x stage) string { return x.Train.DynamicList }},
		{"val-static-list", s.Validation.StaticList, "no run is measured on images", func(x stage) string { return x.Validation.StaticList }},
		{"val-dynamic-list", s.Validation.DynamicList, "no run is measured on videos", func(x stage) string { return x.Validation.DynamicList }},
		{"pretrain-static-list", s.Pretrain.StaticList, "no run is pre-trained on images", func(x stage) string { return before(x).Train.StaticList }},
		{"pretrain-dynamic-list", s.Pretrain.DynamicList, "no run is pre-trained on videos", func(x stage) string { return before(x).Train.DynamicList }},
	} {
		if f.file != "" && !slices.ContainsFunc(runs, func(x stage) bool { return f.of(x) == f.file }) {
			return fmt.Errorf("--%s %s: %s: leave it out", f.flag, f.file, f.nobody)
		}
	}
	epochs, asked := s.Epochs[recipe.Pretrain]
	if asked && !slices.ContainsFunc(runs, func(x stage) bool { return x.name == recipe.Pretrain }) {
		return fmt.Errorf("--pretrain-epochs %d: no row is pre-trained: leave it out", epochs)
	}
	return nil
}

// Begun reports whether a folder holds an ablation.
func Begun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, recordFile))
	return err == nil
}

// checkFolder returns an error unless the folder is new or, to resume, of an ablation. What its runs are, the folder of each says.
func (s Study) checkFolder() error {
	entries, err := os.ReadDir(s.Out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out %s: %w", s.Out, err)
	}
	begun := Begun(s.Out)
	switch {
	case s.Resume && !begun:
		return fmt.Errorf("%s holds no ablation to resume: drop --resume to begin one there, or correct --out", s.Out)
	case !s.Resume && begun:
		return fmt.Errorf("%s holds an ablation: give --resume to continue it, or another --out", s.Out)
	case !s.Resume && len(entries) > 0:
		return fmt.Errorf("%s is not empty and holds no ablation: give another --out", s.Out)
	}
	return nil
}

// begin writes what makes the folder one of an ablation.
func (s Study) begin() error {
	text, err := toml.Marshal(s.Ablation)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Out, 0o777); err != nil {
		return fmt.Errorf("--out %s: %w", s.Out, err)
	}
	return atomicfile.WriteBytes(filepath.Join(s.Out, recordFile), text)
}
