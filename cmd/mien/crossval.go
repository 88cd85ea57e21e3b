package main

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"mien/data"
	"mien/infer"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// mien crossval: fine-tuning and evaluation fold by fold.

type crossvalCmd struct {
	trainFlags
	landmarkFlag
	Folds       *uint    `help:"Folds into which the lists are divided, 5 without this flag." placeholder:"K"`
	Group       string   `help:"Regular expression whose match in a path, or its first parenthesis, names the person: nobody is in two folds." placeholder:"REGEXP"`
	Keep        string   `help:"The list that is learned from in all folds, instead of being divided: static or dynamic." enum:",static,dynamic" default:"" placeholder:"SET"`
	StaticFold  []string `help:"Lists of images of one fold, once for each, instead of dividing lists. A --static-list beside --dynamic-fold is learned from in all folds." sep:"none" placeholder:"TRAIN,TEST"`
	DynamicFold []string `help:"Lists of videos likewise, such as the five of DFEW." sep:"none" placeholder:"TRAIN,TEST"`
	Bootstrap   uint     `help:"Draws from the samples for the 95 % confidence intervals of pooled UAR and WAR; 0 is none." default:"1000" placeholder:"N"`
	Published   bool     `help:"Measure as eval --published does: with router noise, and experts that drop tokens beyond their share of a batch."`
	JSON        bool     `help:"Print JSON."`
}

// Folds of a cross-validation: without a flag, and at most.
const (
	usualFolds = 5
	maxFolds   = 1000
)

func (c *crossvalCmd) Run(out *console) error {
	o, err := c.options(out, recipe.Finetune)
	o.Landmarks = c.Landmarks
	if err := cmp.Or(err, withinDraws(c.Bootstrap), c.check(), run.CheckCross(c.Out, c.Resume)); err != nil {
		return err
	}
	folds, err := c.folds(o)
	if err != nil {
		return err
	}
	w := &crossWatcher{watcher: newWatcher(out, ""), folds: len(folds)}
	w.hint = func(int) string {
		return fmt.Sprintf("%s keeps what is done (%d of %d folds): continue with --resume", c.Out, w.fold, len(folds))
	}
	defer w.finish()
	r, err := run.Cross{Options: o, Folds: folds, Draws: int(c.Bootstrap), Published: c.Published, Observer: w}.Run(out.ctx)
	if err != nil {
		return err
	}
	w.finish()
	if c.JSON {
		return out.print(true, r, nil)
	}
	printCross(out, r)
	return nil
}

// check returns an error for flags that do not go together.
func (c *crossvalCmd) check() error {
	given := len(c.StaticFold)+len(c.DynamicFold) > 0
	switch {
	case !given && c.StaticList == "" && c.DynamicList == "":
		return usagef("nothing to divide into folds: give --static-list or --dynamic-list, or lists of folds with --static-fold or --dynamic-fold")
	case given && (c.Folds != nil || c.Group != "" || c.Keep != ""):
		return usagef("--folds, --group and --keep are for dividing lists: leave them out, or give whole lists instead of --static-fold and --dynamic-fold")
	case c.Keep != "" && (c.StaticList == "" || c.DynamicList == ""):
		return usagef("--keep %s: give both lists, one to keep and one to divide", c.Keep)
	case c.StaticList != "" && len(c.StaticFold) > 0 || c.DynamicList != "" && len(c.DynamicFold) > 0:
		return usagef("a list is given whole and in folds: leave one of them out")
	case len(c.StaticFold) > 0 && len(c.DynamicFold) > 0 && len(c.StaticFold) != len(c.DynamicFold):
		return usagef("--static-fold is given %d times and --dynamic-fold %d times: each fold needs both", len(c.StaticFold), len(c.DynamicFold))
	case given && max(len(c.StaticFold), len(c.DynamicFold)) < 2:
		return usagef("a cross-validation has at least 2 folds: give --static-fold or --dynamic-fold once for each, or use `mien finetune` and `mien eval`")
	case c.Folds != nil && (*c.Folds < 2 || *c.Folds > maxFolds):
		return usagef("--folds %d: it must be from 2 to %d", *c.Folds, maxFolds)
	}
	lists := data.Lists(c.dataFlags)
	lists.StaticList = strings.Join(append(c.StaticFold, lists.StaticList), "") // either way, a list refers to the root
	lists.DynamicList = strings.Join(append(c.DynamicFold, lists.DynamicList), "")
	return checkRoots(lists, "")
}

// folds returns the lists of each fold: those of the flags, or the parts of whole lists.
func (c *crossvalCmd) folds(o run.Options) ([]run.Fold, error) {
	if n := max(len(c.StaticFold), len(c.DynamicFold)); n > 0 {
		return c.given(o.Train, n)
	}
	k, group := usualFolds, (*regexp.Regexp)(nil)
	if c.Folds != nil {
		k = int(*c.Folds)
	}
	if c.Group != "" {
		var err error
		if group, err = regexp.Compile(c.Group); err != nil {
			return nil, usagef("--group %s: %w", c.Group, err)
		}
	}
	divided := o.Train
	switch c.Keep {
	case "static":
		divided.StaticList = ""
	case "dynamic":
		divided.DynamicList = ""
	}
	parts, err := data.SplitLists(divided, k, group, o.Recipe.Seed)
	if err != nil {
		return nil, err
	}
	folds, err := run.WriteFolds(c.Out, divided, parts)
	for i := range folds {
		learned := &folds[i].Train
		learned.StaticList, learned.DynamicList = cmp.Or(learned.StaticList, o.Train.StaticList), cmp.Or(learned.DynamicList, o.Train.DynamicList)
	}
	return folds, err
}

// given returns the n folds of the flags; whole has the lists that all learn from, and the folders of samples.
func (c *crossvalCmd) given(whole data.Lists, n int) ([]run.Fold, error) {
	folds := make([]run.Fold, n)
	for i := range folds {
		f := run.Fold{Train: whole, Test: data.Lists{StaticRoot: whole.StaticRoot, DynamicRoot: whole.DynamicRoot}}
		for _, flag := range []struct {
			name        string
			pairs       []string
			train, test *string
		}{
			{"--static-fold", c.StaticFold, &f.Train.StaticList, &f.Test.StaticList},
			{"--dynamic-fold", c.DynamicFold, &f.Train.DynamicList, &f.Test.DynamicList},
		} {
			if len(flag.pairs) == 0 {
				continue
			}
			if *flag.train, *flag.test, _ = strings.Cut(flag.pairs[i], ","); *flag.train == "" || *flag.test == "" {
				return nil, usagef("%s %s: give two lists, TRAIN,TEST", flag.name, flag.pairs[i])
			}
		}
		folds[i] = f
	}
	return folds, nil
}

// crossWatcher shows the runs and evaluations of a cross-validation one after the other.
type crossWatcher struct {
	*watcher
	fold, folds int // the one under way, from 0, of so many
}

func (w *crossWatcher) Fold(fold int) {
	w.finish()
	w.fold, w.description = fold, fmt.Sprintf("fold %d of %d", fold+1, w.folds)
	clear(w.loss)
}

func (w *crossWatcher) Measuring(samples int) {
	w.finish()
	w.Progress = report.NewProgress(w.out.stderr, samples, w.description+", evaluating")
}

func (w *crossWatcher) Measured(samples int) { w.Add(samples) }

// printCross prints the recalls of each fold and of all answers together, and how these are distributed.
func printCross(out *console, r *run.CrossReport) {
	var rows [][]string
	add := func(fold string, r *infer.Report) {
		for _, s := range r.Scores() {
			rows = append(rows, cells("%s\t%s\t%.2f\t%.2f\t%.2f\t%d", fold, s.Name, s.UAR, s.WAR, s.MacroF1, s.N))
		}
	}
	for i, fold := range r.Folds {
		add(fmt.Sprint(i+1), fold)
	}
	add("pooled", r.Pooled)
	report.Table(out.stdout, []string{"fold", "set", "UAR", "WAR", "macro F1", "n"}, rows)
	for _, s := range r.Pooled.Scores() {
		fmt.Fprintln(out.stdout, "\nall folds pooled")
		printScore(out, s)
	}
}
