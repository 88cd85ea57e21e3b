package main

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"mien/ablate"
	"mien/data"
	"mien/engine"
	"mien/recipe"
	"mien/report"
	"mien/run"
)

// mien ablate: the tables of the papers, carried out row by row and seed by seed.

type ablateCmd struct {
	Ablations      []string         `arg:"" name:"ablation" optional:"" help:"An embedded ablation, or a TOML file; several, or all that are embedded: all. Without one they are listed, and without --out one is printed."`
	Out            string           `help:"Folder to write: run folders of each row and seed, ablation.json, a chart as recalls.png and .svg, and index.html; of several ablations, a folder of each, and one index.html." placeholder:"DIR"`
	Resume         bool             `help:"Continue what is in the folder. What is done there is kept, and rows and seeds may be added."`
	Only           []string         `help:"Rows of one ablation to carry out, instead of all." placeholder:"ROW"`
	Seeds          []uint64         `help:"Seeds: each is a run of each row." default:"0" placeholder:"N"`
	Init           string           `help:"Weights that fine-tuning starts from, a file or a run folder, instead of pre-training." placeholder:"FILE|RUN"`
	Epochs         *uint            `help:"Epochs of fine-tuning instead of the recipe's." placeholder:"N"`
	PretrainEpochs *uint            `help:"Epochs of pre-training instead of the recipe's." placeholder:"N"`
	Recompute      bool             `help:"Take less memory and about a third more time; the result is the same."`
	Precision      engine.Precision `help:"Number format of products: f32, or bf16 with float32 parameters and sums, which is faster on CPUs with AVX512_BF16." default:"f32"`
	JSON           bool             `help:"Print JSON."`
	landmarkFlag
	skipFlags
	dataFlags
	Pre preFlags `embed:"" prefix:"pretrain-"`
	Val valFlags `embed:"" prefix:"val-" set:"val_images=Images that each row is measured on, by its model after the last epoch." set:"val_videos=Videos likewise."`
}

// preFlags name the lists for pre-training; their fields are those of data.Lists.
type preFlags struct {
	StaticList  string `help:"Images of pre-training, instead of those of fine-tuning. Either list replaces both." placeholder:"FILE"`
	StaticRoot  string `help:"Folder of these images." placeholder:"DIR"`
	DynamicList string `help:"Videos of pre-training likewise." placeholder:"FILE"`
	DynamicRoot string `help:"Folder of these videos." placeholder:"DIR"`
}

func (c *ablateCmd) Run(out *console) error {
	switch {
	case c.Out == "" && (c.asked() || c.several()):
		return usagef("--out is missing: the folder in which the ablation is carried out")
	case len(c.Ablations) == 0:
		if c.Out != "" {
			return usagef("which ablation? name one of %s, or a TOML file, or all", strings.Join(recipe.Ablations(), ", "))
		}
		return listAblations(out)
	case c.Out == "":
		text, err := recipe.AblationSource(c.Ablations[0])
		if err == nil {
			_, err = out.stdout.Write(text)
		}
		return err
	}
	studies, err := c.studies(out)
	if err != nil {
		return err
	}
	w := &ablateWatcher{watcher: newWatcher(out, "")}
	defer w.finish()
	for i := range studies {
		studies[i].Observer = w
	}
	w.hint = func(int) string {
		return fmt.Sprintf("%s keeps what is done (%d of %d runs): continue with --resume", c.Out, w.done, w.all)
	}
	results, err := ablate.Run(out.ctx, studies...)
	if err != nil {
		return err
	}
	w.finish()
	return c.show(out, studies, results)
}

// show writes the charts and the page of ablations, and prints their tables.
func (c *ablateCmd) show(out *console, studies []ablate.Study, results []*ablate.Result) error {
	var all []report.Comparison
	for i, r := range results {
		shown := comparison(r)
		all = append(all, shown)
		if err := shown.SaveChart(studies[i].Out); err != nil {
			return err
		}
		if c.JSON {
			if err := out.print(true, r, nil); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(out.stdout)
		}
		printAblation(out, shown)
	}
	index := filepath.Join(c.Out, "index.html")
	if err := report.WriteComparisons(index, all); err != nil || c.JSON {
		return err
	}
	fmt.Fprintf(out.stdout, "look at %s\n", report.Printable(index))
	return nil
}

// several reports whether more ablations than one are named.
func (c *ablateCmd) several() bool {
	return len(c.Ablations) > 1 || slices.Contains(c.Ablations, allAblations)
}

// allAblations stands for all that are embedded.
const allAblations = "all"

// asked reports whether a flag says how to carry out an ablation.
func (c *ablateCmd) asked() bool {
	return !reflect.DeepEqual(*c, ablateCmd{Ablations: c.Ablations, Out: c.Out, Seeds: []uint64{0}})
}

// listAblations prints a table of the embedded ablations.
func listAblations(out *console) error {
	var rows [][]string
	for _, name := range recipe.Ablations() {
		a, err := recipe.LoadAblation(name)
		if err != nil {
			return err
		}
		var names []string
		for _, row := range a.Rows {
			names = append(names, row.Name)
		}
		rows = append(rows, []string{name, a.Source, a.Title, strings.Join(names, ", ")})
	}
	return out.print(false, nil, []string{"ablation", "published in", "what is compared", "rows"}, rows...)
}

// studies returns what the flags ask for: one study in the folder of --out, or several below it.
func (c *ablateCmd) studies(out *console) (all []ablate.Study, err error) {
	names := c.Ablations
	if slices.Contains(names, allAblations) {
		if len(names) > 1 {
			return nil, usagef("all stands for every embedded ablation: name it alone, or name some")
		}
		names = recipe.Ablations()
	}
	like, err := c.study(out)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		s := like
		if s.Ablation, err = recipe.LoadAblation(name); err != nil {
			return nil, err
		}
		if c.Ablations[0] == allAblations {
			reason, err := s.LeftOut()
			if err != nil {
				return nil, err
			}
			if reason != "" {
				out.note(false, "left out is "+name+": "+reason)
				continue
			}
		}
		all = append(all, s)
	}
	if !c.several() {
		return all, nil
	}
	return all, c.apart(all)
}

// apart gives each of several studies a folder below that of --out, where with --resume some may be begun and others not.
func (c *ablateCmd) apart(studies []ablate.Study) error {
	switch {
	case len(c.Only) > 0:
		return usagef("--only names rows of one ablation: leave it out, or name one ablation")
	case ablate.Begun(c.Out):
		return fmt.Errorf("%s holds an ablation of its own: give another --out", c.Out)
	}
	begun := false
	for i := range studies {
		s := &studies[i]
		name := s.Ablation.Name
		if slices.ContainsFunc(studies[:i], func(o ablate.Study) bool { return o.Ablation.Name == name }) {
			return fmt.Errorf("two ablations are called %s: their runs would have one folder", name)
		}
		s.Out = filepath.Join(c.Out, name)
		s.Resume = c.Resume && ablate.Begun(s.Out)
		begun = begun || s.Resume
	}
	if c.Resume && !begun {
		return fmt.Errorf("%s holds none of these ablations to resume: drop --resume to begin them there, or correct --out", c.Out)
	}
	return nil
}

// study returns what the flags say of all ablations.
func (c *ablateCmd) study(out *console) (s ablate.Study, err error) {
	lists, pre, val := data.Lists(c.dataFlags), data.Lists(c.Pre), data.Lists(c.Val)
	if err := cmp.Or(checkRoots(lists, ""), checkRoots(pre, "pretrain-"), checkRoots(val, "val-")); err != nil {
		return s, err
	}
	if len(c.Seeds) == 0 {
		return s, usagef("--seeds names none: give one at least")
	}
	seen := map[uint64]bool{}
	for _, seed := range c.Seeds {
		if seen[seed] {
			return s, usagef("--seeds names %d twice", seed)
		}
		seen[seed] = true
	}
	s = ablate.Study{Only: c.Only, Seeds: c.Seeds, Epochs: map[string]int{}, Pretrain: pre,
		Options: run.Options{Backend: out.backend, Train: lists, Validation: val, Init: c.Init, Landmarks: c.Landmarks, Out: c.Out, Resume: c.Resume,
			Recompute: c.Recompute, Precision: c.Precision, Memory: memory("/"), SkipBad: c.limit()}}
	for kind, epochs := range map[string]*uint{recipe.Finetune: c.Epochs, recipe.Pretrain: c.PretrainEpochs} {
		if epochs != nil {
			s.Epochs[kind] = int(min(*epochs, math.MaxInt32))
		}
	}
	return s, nil
}

// ablateWatcher shows the runs of an ablation one after the other.
type ablateWatcher struct {
	*watcher
	done, all int // runs
}

func (w *ablateWatcher) Run(row string, seed uint64, stage string, done, all int) {
	w.finish()
	w.done, w.all = done, all
	w.description = fmt.Sprintf("run %d of %d, %s, seed %d, %s", done+1, all, row, seed, stage)
	clear(w.loss)
}
