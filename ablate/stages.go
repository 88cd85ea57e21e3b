package ablate

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"mien/data"
	"mien/recipe"
	"mien/run"
	"mien/systems"
)

// The runs of a study: recipes and lists of each row, and which rows share a pre-training. The two runs of a row, its stages, are called
// pretrain and finetune, though the first may be the fine-tuning of an image model.

// row is a row with the recipes of its runs.
type row struct {
	recipe.Row
	pretrain *recipe.Recipe // nil without pre-training
	finetune recipe.Recipe
	shared   string // the first row with the same pre-training, in whose folder it is
}

// rows returns the rows that are asked for, or an error for the first that cannot be carried out.
func (s Study) rows() (chosen []row, err error) {
	if err := s.checkOnly(); err != nil {
		return nil, err
	}
	var all []row
	for _, r := range s.Ablation.Rows {
		x := row{Row: r, shared: r.Name}
		if x.pretrain, x.finetune, err = s.recipes(r); err != nil {
			return nil, fmt.Errorf("row %s: %w", r.Name, err)
		}
		if i := slices.IndexFunc(all, func(before row) bool { return samePretraining(before, x) }); i >= 0 {
			x.shared, x.pretrain = all[i].shared, all[i].pretrain
		}
		all = append(all, x)
		if len(s.Only) > 0 && !slices.Contains(s.Only, r.Name) {
			continue
		}
		if err := s.check(x); err != nil {
			return nil, fmt.Errorf("row %s: %w", r.Name, err)
		}
		chosen = append(chosen, x)
	}
	return chosen, nil
}

func (s Study) checkOnly() error {
	var names []string
	for _, r := range s.Ablation.Rows {
		names = append(names, r.Name)
	}
	for _, name := range s.Only {
		if !slices.Contains(names, name) {
			return fmt.Errorf("--only %s: ablation %s has the rows %s", name, s.Ablation.Name, strings.Join(names, ", "))
		}
	}
	return nil
}

// recipes returns the recipes of a row, with the epochs asked for.
func (s Study) recipes(r recipe.Row) (pretrain *recipe.Recipe, finetune recipe.Recipe, err error) {
	pretrain, finetune, err = s.Ablation.Recipes(r)
	if err != nil {
		return nil, finetune, err
	}
	if pretrain != nil {
		err = s.prepare(pretrain, recipe.Pretrain)
	}
	err = cmp.Or(err, s.prepare(&finetune, recipe.Finetune))
	return pretrain, finetune, err
}

// prepare checks the recipe of a stage and gives it the epochs asked for.
func (s Study) prepare(r *recipe.Recipe, stage string) (err error) {
	if epochs, ok := s.Epochs[stage]; ok {
		if *r, err = r.WithEpochs(epochs); err != nil {
			return err
		}
	}
	if t := &r.Train; t.BestSet == "static" && !learns(*r, data.Image) || t.BestSet == "dynamic" && !learns(*r, data.Video) {
		t.BestSet = "" // the row learns nothing from it: what is left chooses
	}
	_, err = systems.OfRun(*r, s.Resume) // those that have not begun are checked when they do
	return err
}

// learns reports whether the runs of a recipe learn from a modality: it has a share in them and, in fine-tuning, a head.
func learns(r recipe.Recipe, m data.Modality) bool {
	return data.ByModality(m, r.Train.StaticShare, r.Train.DynamicShare) > 0 && (r.Kind == recipe.Pretrain || r.Classes(m) > 0)
}

// samePretraining reports whether two rows differ in nothing but fine-tuning.
func samePretraining(a, b row) bool {
	return a.pretrain != nil && b.pretrain != nil && sameRecipe(*a.pretrain, *b.pretrain)
}

// check returns an error for a row that would not be measured, or on other data than the others.
func (s Study) check(r row) error {
	listed, measured := taken(r.finetune, s.Train), taken(r.finetune, s.Validation)
	before := s.pretrainLists()
	if p := r.pretrain; p != nil && s.Init == "" {
		encoder, into := p.Model.Encoder, r.finetune.Model.Encoder
		encoder.ImageSize, encoder.Frames = into.ImageSize, into.Frames // positions are computed, or interpolated
		if encoder != into {
			return fmt.Errorf("its encoder in the second stage is not that of the first: %+v is not %+v", into, encoder)
		}
	}
	switch {
	case s.Init != "" && len(r.Row.Pretrain) > 0:
		return fmt.Errorf("it is about its first stage, which --init replaces: leave it out, by --only with the others")
	case s.Init == "" && r.pretrain != nil && !before.Empty() && taken(*r.pretrain, before).Empty():
		return fmt.Errorf("its first stage learns from no list that is given: give one of its modality, or --init, or leave it out, by --only with the others")
	case !s.Train.Empty() && listed.Empty():
		return fmt.Errorf("it learns from no list that is given: give one of its modality, or leave it out, by --only with the others")
	case !s.Train.Empty() && measured.Empty():
		return fmt.Errorf("it would not be measured: give --val-static-list or --val-dynamic-list, of the modalities that it learns from")
	case s.Train.Empty() && measured.Empty() && r.finetune.Data.DrawnTest == 0:
		return fmt.Errorf("it would not be measured: give lists to learn from and to measure on, or a recipe with drawn faces (data.drawn_test)")
	}
	return nil
}

// pretrainLists returns the lists of pre-training.
func (s Study) pretrainLists() data.Lists {
	if s.Pretrain.Empty() {
		return s.Train
	}
	return s.Pretrain
}

// taken leaves out the lists that a recipe takes nothing from: a run refuses them.
func taken(r recipe.Recipe, l data.Lists) data.Lists {
	if !learns(r, data.Image) {
		l.StaticList, l.StaticRoot = "", ""
	}
	if !learns(r, data.Video) {
		l.DynamicList, l.DynamicRoot = "", ""
	}
	return l
}

// plan is a study with its runs.
type plan struct {
	Study
	rows    []row
	stages  []stage          // each folder once
	folders map[place]string // where the run of a row is
}

// stage is a run of a row.
type stage struct {
	run.Options
	row, name string
}

// place names a run of a study.
type place struct {
	row   string
	seed  uint64
	stage string
}

// plan lists all runs: row by row for the first seed, so that there is a whole table as early as can be, and so on. known are the
// different runs of the studies before this one, to which it adds its own.
func (s Study) plan(known *[]stage) (p plan, err error) {
	p = plan{Study: s, folders: map[place]string{}}
	if p.rows, err = s.rows(); err != nil {
		return p, err
	}
	for _, seed := range s.Seeds {
		for _, r := range p.rows {
			init := s.Init
			switch {
			case r.Scratch:
				init = ""
			case init == "":
				init = p.add(known, s.stage(place{r.shared, seed, recipe.Pretrain}, *r.pretrain, ""))
			}
			p.add(known, s.stage(place{r.Name, seed, recipe.Finetune}, r.finetune, init))
		}
	}
	return p, nil
}

// add adds a run, unless it is there, and returns its folder: that of the first known run that is the same.
func (p *plan) add(known *[]stage, s stage) string {
	if i := slices.IndexFunc(*known, func(o stage) bool { return sameRun(o, s) }); i >= 0 {
		s.Out = (*known)[i].Out
	} else {
		*known = append(*known, s)
	}
	p.folders[place{s.row, s.Recipe.Seed, s.name}] = s.Out
	if !slices.ContainsFunc(p.stages, func(o stage) bool { return o.Out == s.Out }) {
		p.stages = append(p.stages, s)
	}
	return s.Out
}

// sameRun reports whether two runs of a command differ in nothing but names: their models are the same.
func sameRun(a, b stage) bool {
	return sameRecipe(a.Recipe, b.Recipe) && a.Train == b.Train && a.Validation == b.Validation && a.Init == b.Init
}

// sameRecipe reports whether two recipes differ in nothing but their names.
func sameRecipe(a, b recipe.Recipe) bool {
	b.Name = a.Name
	return reflect.DeepEqual(a, b)
}

// stage returns the run of a recipe at a place.
func (s Study) stage(at place, r recipe.Recipe, init string) stage {
	o := s.Options
	r.Seed = at.seed
	if at.stage == recipe.Pretrain {
		o.Train = s.pretrainLists()
	}
	if r.Kind == recipe.Pretrain {
		o.Validation = data.Lists{}
	}
	if !readsLandmarks(r) {
		o.Landmarks = ""
	}
	o.Recipe, o.Init, o.Out = r, init, s.folder(at)
	o.Train, o.Validation = taken(r, o.Train), taken(r, o.Validation)
	return stage{o, at.row, at.stage}
}

// checkStages returns the error of the first run that would not begin, or go on, so that it is known before any run has taken days. Files
// of samples are looked at once.
func (s Study) checkStages(ctx context.Context, stages []stage) error {
	looked := map[[2]data.Lists]bool{}
	for _, stage := range stages {
		o := stage.Options
		o.Watch, o.Resume = s.Observer, run.Begun(o.Out)
		if s.Init == "" && !o.Resume {
			o.Init = "" // what it begins with is still to be pre-trained
		}
		lists := [2]data.Lists{o.Train, o.Validation}
		if err := run.Check(ctx, o, !looked[lists]); err != nil {
			return fmt.Errorf("row %s, seed %d: %w", stage.row, o.Recipe.Seed, err)
		}
		looked[lists] = true
	}
	return nil
}

// folder is the run folder of a place.
func (s Study) folder(at place) string {
	return filepath.Join(s.Out, at.row, fmt.Sprintf("seed-%d", at.seed), at.stage)
}
