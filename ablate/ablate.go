// Package ablate carries out ablations: tables of runs that differ in single settings, over several seeds.
//
// The folder of an ablation holds
//
//	ablation.toml             the ablation
//	ROW/seed-N/pretrain       run folders: of the first row with this pre-training, which the others share
//	ROW/seed-N/finetune
//	ablation.json             the table
//
// [Study.Run] is the entry point. Go on with stages.go (which runs there are) and result.go (the table).
package ablate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
	Epochs   map[string]int // instead of those of the recipes, by kind of run

	// Options of all runs: Out is the folder of the whole, Train and Validation are of fine-tuning, and Init, if given, replaces
	// pre-training. Recipe, Resume and Watch are set for each.
	run.Options
	Pretrain data.Lists // of pre-training; none for those of fine-tuning
	Observer Watcher
}

// Watcher receives the progress of a study.
type Watcher interface {
	run.Watcher                                              // of each run
	Run(row string, seed uint64, kind string, done, all int) // before each run: how many are done, of how many
}

// Files of the folder.
const (
	recordFile = "ablation.toml"
	resultFile = "ablation.json"
)

// Run carries out the runs of each seed and row, except those that the folder already holds, and writes the table.
func (s Study) Run(ctx context.Context) (*Result, error) {
	rows, err := s.rows()
	if err != nil {
		return nil, err
	}
	if err := s.checkFolder(); err != nil {
		return nil, err
	}
	stages := s.stages(rows)
	if err := s.checkStages(ctx, stages); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	metrics := map[string]*run.Metrics{} // by folder
	for i, stage := range stages {
		s.Observer.Run(stage.row, stage.Recipe.Seed, stage.Recipe.Kind, i, len(stages))
		stage.Resume, stage.Watch = run.Begun(stage.Out), s.Observer
		if metrics[stage.Out], err = run.Train(ctx, stage.Options); err != nil {
			return nil, fmt.Errorf("row %s, seed %d: %w", stage.row, stage.Recipe.Seed, err)
		}
	}
	result, err := s.result(rows, stages, metrics)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return nil, err
	}
	return result, atomicfile.WriteBytes(filepath.Join(s.Out, resultFile), append(text, '\n'))
}

// checkFolder returns an error unless the folder is new or, to resume, of an ablation. What its runs are, the folder of each says.
func (s Study) checkFolder() error {
	entries, err := os.ReadDir(s.Out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out %s: %w", s.Out, err)
	}
	record := filepath.Join(s.Out, recordFile)
	_, missing := os.Stat(record)
	switch {
	case s.Resume && missing != nil:
		return fmt.Errorf("%s holds no ablation to resume: drop --resume to begin one there, or correct --out", s.Out)
	case !s.Resume && missing == nil:
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
