package run

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mien/atomicfile"
	"mien/data"
	"mien/infer"
	"mien/modelfile"
)

// Cross-validation: a run for each fold, each in a run folder of its own, and one score of all their answers.
//
// The folder of a cross-validation holds
//
//	lists/             the lists of each fold, if they were divided here
//	fold-1/ …          the run of each fold
//	fold-1_static.csv  what its model answered, to the images and videos of its test lists; fold-1_static_published.csv as published
//	crossval.json      the scores, once all folds are done

// Cross is a cross-validation.
type Cross struct {
	Options // of all runs; Out is the folder of the whole, Train and Watch are set for each fold
	Folds   []Fold
	Draws   int // of the bootstrap
	// Published has models answer as in the evaluation of the released code.
	Published bool
	Observer  CrossWatcher
}

// CrossWatcher receives the progress of a cross-validation.
type CrossWatcher interface {
	Watcher                // of the run of each fold
	Fold(fold int)         // before each, from 0
	Measuring(samples int) // before its last model is measured on so many of a modality
	Measured(samples int)  // after some of them
}

const crossFormat = "mien-crossval-1"

// CrossReport is the result of a cross-validation.
type CrossReport struct {
	Format    string          `json:"format"`
	Published bool            `json:"published"` // as the released code does
	Folds     []*infer.Report `json:"folds"`
	Pooled    *infer.Report   `json:"pooled"` // of the answers of all folds together, as the papers measure
}

// crossFile is the result in the folder.
const crossFile = "crossval.json"

// Run trains and measures fold by fold, and goes on where an interrupted cross-validation in the folder was.
func (c Cross) Run(ctx context.Context) (*CrossReport, error) {
	if err := c.checkBest(); err != nil {
		return nil, err
	}
	report := &CrossReport{Format: crossFormat, Published: c.Published, Pooled: &infer.Report{}}
	for i, fold := range c.Folds {
		c.Observer.Fold(i)
		r, err := c.fold(ctx, i, fold)
		if err != nil {
			return nil, fmt.Errorf("fold %d: %w", i+1, err)
		}
		report.Folds = append(report.Folds, r)
	}
	for _, m := range []data.Modality{data.Image, data.Video} {
		pooled, err := pool(report.Folds, m)
		if err != nil {
			return nil, err
		}
		if pooled != nil {
			pooled.Resample(c.Draws, c.Recipe.Seed)
		}
		*data.ByModality(m, &report.Pooled.Static, &report.Pooled.Dynamic) = pooled
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return nil, err
	}
	return report, atomicfile.WriteBytes(filepath.Join(c.Out, crossFile), append(text, '\n'))
}

// checkBest says what becomes of the best epoch: a fold has no list to choose it on but its test list, as the released code does, for
// which the recipe has to ask.
func (c Cross) checkBest() error {
	t := c.Recipe.Train
	if t.UseBest && !t.BestOnTest {
		c.Observer.Print("train.use_best: a fold has no list to choose its best epoch on, unless train.best_on_test takes that of the test: " +
			"the model after the last epoch is measured")
	}
	for i, f := range c.Folds {
		for set, list := range map[string]string{"static": f.Test.StaticList, "dynamic": f.Test.DynamicList} {
			if t.BestOnTest && t.BestSet == set && list == "" {
				return fmt.Errorf("train.best_set is %s, and fold %d has no %s test list to choose the best epoch on: leave train.best_set out",
					set, i+1, set)
			}
		}
	}
	return nil
}

// fold trains a fold's model, unless it is there, and measures it, unless its answers are.
func (c Cross) fold(ctx context.Context, i int, fold Fold) (*infer.Report, error) {
	o := c.Options
	o.Out, o.Train, o.Watch = c.folder(i), fold.Train, c.Observer
	if o.Recipe.Train.BestOnTest {
		o.Validation = fold.Test
	}
	o.Resume = Begun(o.Out)
	if !o.Resume {
		for _, m := range []data.Modality{data.Image, data.Video} { // of a model that is gone
			for _, published := range []bool{false, true} {
				if err := os.Remove(c.answers(i, m, published)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return nil, err
				}
			}
		}
	}
	if _, err := Train(ctx, o); err != nil {
		return nil, err
	}
	if note := modelfile.Chosen(o.Out); note != "" {
		c.Observer.Print(note)
	}
	open := infer.Open
	if c.Published {
		open = infer.OpenPublished
	}
	model, err := open(o.Out, c.Backend, nil)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	model.Skips, model.Counted = &data.Skips{Limit: c.SkipBad}, c.Observer.Measured
	sets, err := data.OpenLists(fold.Test)
	if err != nil {
		return nil, err
	}
	if sets, err = TestSets(ctx, model, sets, c.Observer.Print, c.Observer.Checked); err != nil {
		return nil, err
	}
	report := &infer.Report{}
	for _, d := range sets.All() {
		score, err := c.score(ctx, model, i, d)
		if err != nil {
			return nil, err
		}
		*data.ByModality(d.Modality, &report.Static, &report.Dynamic) = score
	}
	return report, nil
}

func (c Cross) folder(fold int) string { return filepath.Join(c.Out, fmt.Sprintf("fold-%d", fold+1)) }

// answers is the file of a fold's answers.
func (c Cross) answers(fold int, m data.Modality, published bool) string {
	name := c.folder(fold) + data.ByModality(m, "_static", "_dynamic")
	if published {
		name += "_published"
	}
	return name + ".csv"
}

// score reads the answers about a set or, where there are none yet, evaluates the model and keeps its answers.
func (c Cross) score(ctx context.Context, m *infer.Model, fold int, d *data.Dataset) (*infer.Score, error) {
	path, labels := c.answers(fold, d.Modality, c.Published), m.Labels[d.Modality]
	text, err := os.ReadFile(path)
	if err == nil {
		answers, err := infer.ReadAnswers(text, labels, d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: remove it", path, err)
		}
		s := infer.NewScore(labels, answers)
		s.Skipped = d.Skipped + len(d.Items) - len(answers)
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	one := data.ByModality(d.Modality, data.Sets{Image: d}, data.Sets{Video: d})
	c.Observer.Sources(SourcesOf("evaluation", one))
	c.Observer.Measuring(len(d.Items))
	r, err := m.Evaluate(ctx, one)
	if err != nil {
		return nil, err
	}
	s := data.ByModality(d.Modality, r.Static, r.Dynamic)
	return s, atomicfile.Write(path, func(f *os.File) error {
		file, err := infer.NewAnswerFile(f, labels)
		return cmp.Or(err, file.Write(s.Answers))
	})
}

// pool returns the score of all answers of the folds in a modality, nil if there are none.
func pool(folds []*infer.Report, m data.Modality) (*infer.Score, error) {
	var labels []string
	var answers []infer.Answer
	skipped := 0
	for _, r := range folds {
		s := data.ByModality(m, r.Static, r.Dynamic)
		switch {
		case s == nil:
			continue
		case labels == nil:
			labels = s.Labels
		case !slices.Equal(labels, s.Labels):
			return nil, fmt.Errorf("the models of two folds know other classes of %ss, %s and %s: write the names in all lists, or numbers",
				m, strings.Join(labels, ", "), strings.Join(s.Labels, ", "))
		}
		answers, skipped = append(answers, s.Answers...), skipped+s.Skipped
	}
	if labels == nil {
		return nil, nil
	}
	s := infer.NewScore(labels, answers)
	s.Skipped = skipped
	return s, nil
}
