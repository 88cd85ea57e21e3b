package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	"mien/ablate"
	"mien/data"
	"mien/engine"
	"mien/recipe"
	"mien/run"
)

// mien ablate: the tables of the papers, carried out row by row and seed by seed.

type ablateCmd struct {
	Ablation       string           `arg:"" optional:"" help:"An embedded ablation, or a TOML file. Without one all are listed, and without --out it is printed."`
	Out            string           `help:"Folder to write: run folders of each row and seed, and ablation.json." placeholder:"DIR"`
	Resume         bool             `help:"Continue the ablation in the folder. What is done there is kept, and rows and seeds may be added."`
	Only           []string         `help:"Rows to carry out, instead of all." placeholder:"ROW"`
	Seeds          []uint64         `help:"Seeds: each is a run of each row." default:"0" placeholder:"N"`
	Init           string           `help:"Weights that fine-tuning starts from, a file or a run folder, instead of pre-training." placeholder:"FILE|RUN"`
	Epochs         *uint            `help:"Epochs of fine-tuning instead of the recipe's." placeholder:"N"`
	PretrainEpochs *uint            `help:"Epochs of pre-training instead of the recipe's." placeholder:"N"`
	Recompute      bool             `help:"Take less memory and about a third more time; the result is the same."`
	Precision      engine.Precision `help:"Number format of products: f32, or bf16 with float32 parameters and sums." default:"f32"`
	JSON           bool             `help:"Print JSON."`
	skipFlags
	dataFlags
	Pre preFlags `embed:"" prefix:"pretrain-"`
	Val valFlags `embed:"" prefix:"val-"`
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
	case c.Out == "" && c.asked():
		return errors.New("--out is missing: the folder in which the ablation is carried out")
	case c.Ablation == "":
		if c.Out != "" {
			return fmt.Errorf("which ablation? name one of %s, or a TOML file", strings.Join(recipe.Ablations(), ", "))
		}
		return listAblations(out)
	case c.Out == "":
		text, err := recipe.AblationSource(c.Ablation)
		if err == nil {
			_, err = out.stdout.Write(text)
		}
		return err
	}
	s, err := c.study(out)
	if err != nil {
		return err
	}
	w := &ablateWatcher{watcher: newWatcher(out, "")}
	defer w.finish()
	s.Observer = w
	w.hint = func(int) string {
		return fmt.Sprintf("%s keeps what is done (%d of %d runs): continue with --resume", c.Out, w.done, w.all)
	}
	result, err := s.Run(out.ctx)
	if err != nil {
		return err
	}
	w.finish()
	if c.JSON {
		return out.print(true, result, nil)
	}
	printAblation(out, result)
	return nil
}

// asked reports whether a flag says how to carry out an ablation.
func (c *ablateCmd) asked() bool {
	return !reflect.DeepEqual(*c, ablateCmd{Ablation: c.Ablation, Out: c.Out, Seeds: []uint64{0}})
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

// study returns what the flags ask for.
func (c *ablateCmd) study(out *console) (s ablate.Study, err error) {
	lists, pre, val := data.Lists(c.dataFlags), data.Lists(c.Pre), data.Lists(c.Val)
	if err := cmp.Or(checkRoots(lists, ""), checkRoots(pre, "pretrain-"), checkRoots(val, "val-")); err != nil {
		return s, err
	}
	if len(c.Seeds) == 0 {
		return s, errors.New("--seeds names none: give one at least")
	}
	seen := map[uint64]bool{}
	for _, seed := range c.Seeds {
		if seen[seed] {
			return s, fmt.Errorf("--seeds names %d twice", seed)
		}
		seen[seed] = true
	}
	s = ablate.Study{Only: c.Only, Seeds: c.Seeds, Epochs: map[string]int{}, Pretrain: pre,
		Options: run.Options{Backend: out.backend, Train: lists, Validation: val, Init: c.Init, Out: c.Out, Resume: c.Resume,
			Recompute: c.Recompute, Precision: c.Precision, Memory: memory("/"), SkipBad: c.limit()}}
	for kind, epochs := range map[string]*uint{recipe.Finetune: c.Epochs, recipe.Pretrain: c.PretrainEpochs} {
		if epochs != nil {
			s.Epochs[kind] = int(min(*epochs, math.MaxInt32))
		}
	}
	s.Ablation, err = recipe.LoadAblation(c.Ablation)
	return s, err
}

// ablateWatcher shows the runs of an ablation one after the other.
type ablateWatcher struct {
	*watcher
	done, all int // runs
}

func (w *ablateWatcher) Run(row string, seed uint64, kind string, done, all int) {
	w.finish()
	w.done, w.all = done, all
	w.description = fmt.Sprintf("run %d of %d, %s, seed %d, %s", done+1, all, row, seed, kind)
	clear(w.loss)
}
