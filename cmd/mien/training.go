package main

import (
	"context"
	"errors"
	"fmt"

	"mien/data"
	"mien/experiment"
	"mien/recipe"
	"mien/report"
	"mien/train"
)

// dataFlags name the lists of samples.
type dataFlags struct {
	StaticList  string `help:"List of labelled pictures: 'path label' a line." placeholder:"FILE"`
	StaticRoot  string `help:"Folder in which the pictures of the list are." placeholder:"DIR"`
	DynamicList string `help:"List of labelled clips: DFEW, FERV39K or MAFW form." placeholder:"FILE"`
	DynamicRoot string `help:"Folder in which the clips of the list are." placeholder:"DIR"`
}

func (d dataFlags) lists() experiment.Lists {
	return experiment.Lists{StaticList: d.StaticList, StaticRoot: d.StaticRoot, DynamicList: d.DynamicList, DynamicRoot: d.DynamicRoot}
}

// trainFlags are common to pretrain and finetune.
type trainFlags struct {
	Recipe    string `help:"Name of an embedded recipe, or a TOML file; 'mien info' lists the names." required:"" placeholder:"NAME|FILE"`
	Init      string `help:"Weights to start from: a file or a run folder." placeholder:"FILE|RUN"`
	Out       string `help:"Run folder to write." required:"" placeholder:"DIR"`
	Resume    bool   `help:"Continue the run in the folder from its last finished epoch."`
	Epochs    int    `help:"Epochs instead of the recipe's." placeholder:"N"`
	Seed      *int64 `help:"Seed instead of the recipe's." placeholder:"N"`
	Recompute bool   `help:"Take less memory and about a third more time: blocks compute twice what the backward pass needs. The result is the same."`
	dataFlags
}

// options reads the recipe and applies the flags that change it.
func (f trainFlags) options(w experiment.Watcher) (experiment.Options, error) {
	o := experiment.Options{Train: f.lists(), Init: f.Init, Out: f.Out, Resume: f.Resume, Recompute: f.Recompute, Watch: w}
	r, err := recipe.Load(f.Recipe)
	if err != nil {
		return o, err
	}
	if f.Epochs < 0 || f.Seed != nil && *f.Seed < 0 {
		return o, errors.New("--epochs and --seed must not be negative")
	}
	if f.Epochs > 0 {
		if r.Train.DrawnEpochs > 0 { // its share, but never none, as lists would stand beside drawn faces, nor all, as they would not be read
			r.Train.DrawnEpochs = min(max(1, r.Train.DrawnEpochs*f.Epochs/r.Train.Epochs), f.Epochs-1)
		}
		r.Train.Epochs = f.Epochs
		r.Train.WarmupEpochs = min(r.Train.WarmupEpochs, float64(f.Epochs))
	}
	if f.Seed != nil {
		r.Seed = uint64(*f.Seed)
	}
	o.Recipe = r
	return o, r.Check()
}

type pretrainCmd struct{ trainFlags }

func (c *pretrainCmd) Run(out *console) error {
	w := newWatcher(out, "pre-training")
	o, err := c.options(w)
	if err != nil {
		return err
	}
	m, err := experiment.Pretrain(out.ctx, o)
	return finished(out, w, c.Out, m, err)
}

type finetuneCmd struct {
	trainFlags
	ValStaticList  string `help:"Pictures to evaluate on after each epoch, or as often as the recipe says; the best model is kept beside the last, as best.safetensors." placeholder:"FILE"`
	ValStaticRoot  string `help:"Folder of these pictures." placeholder:"DIR"`
	ValDynamicList string `help:"Clips to evaluate on likewise." placeholder:"FILE"`
	ValDynamicRoot string `help:"Folder of these clips." placeholder:"DIR"`
}

func (c *finetuneCmd) Run(out *console) error {
	w := newWatcher(out, "fine-tuning")
	o, err := c.options(w)
	if err != nil {
		return err
	}
	o.Validation = experiment.Lists{StaticList: c.ValStaticList, StaticRoot: c.ValStaticRoot,
		DynamicList: c.ValDynamicList, DynamicRoot: c.ValDynamicRoot}
	m, err := experiment.Finetune(out.ctx, o)
	return finished(out, w, c.Out, m, err)
}

// finished ends the progress bar and says what came out.
func finished(out *console, w *watcher, dir string, m *experiment.Metrics, err error) error {
	w.stop()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			fmt.Fprintf(out.stderr, "mien: run folder %s keeps the finished epochs: continue with --resume\n", dir)
		}
		return err
	}
	var rows [][]string
	for _, k := range []data.Modality{data.Image, data.Video} {
		if loss, ok := m.Loss[k]; ok {
			rows = append(rows, []string{string(k), fmt.Sprintf("%.4f", loss)})
		}
	}
	report.Table(out.stdout, []string{"modality", "loss of last epoch"}, rows)
	if m.Final != nil {
		printReport(out, m.Final)
	}
	fmt.Fprintf(out.stdout, "run folder %s: model.safetensors, recipe.toml, log.jsonl, metrics.json\n", dir)
	return nil
}

// watcher shows a run as a progress bar.
type watcher struct {
	out         *console
	description string
	bar         *report.Progress
	loss        map[data.Modality]float64 // running means
}

func newWatcher(out *console, description string) *watcher {
	return &watcher{out: out, description: description, loss: map[data.Modality]float64{}}
}

func (w *watcher) Start(total, done int) {
	w.bar = report.NewProgress(w.out.stderr, total, w.description)
	w.bar.Add(done)
}

func (w *watcher) Step(s train.Step, m data.Modality) {
	mean, ok := w.loss[m]
	if !ok {
		mean = s.Loss
	}
	w.loss[m] = mean + 0.05*(s.Loss-mean)
	text := fmt.Sprintf("%s, epoch %d", w.description, s.Epoch+1)
	for _, k := range []data.Modality{data.Image, data.Video} {
		if v, ok := w.loss[k]; ok {
			text += fmt.Sprintf(", %s %.3f", k, v)
		}
	}
	w.bar.Describe(text)
	w.bar.Add(1)
}

func (w *watcher) Evaluated(epoch int, r *experiment.Report) {
	line := fmt.Sprintf("epoch %d:", epoch+1)
	for _, s := range []struct {
		name  string
		score *experiment.Score
	}{{"static", r.Static}, {"dynamic", r.Dynamic}} {
		if s.score != nil {
			line += fmt.Sprintf("  %s UAR %.1f WAR %.1f", s.name, s.score.UAR, s.score.WAR)
		}
	}
	w.Note(line)
}

func (w *watcher) Note(line string) {
	if w.bar != nil {
		w.bar.Print(line)
		return
	}
	fmt.Fprintln(w.out.stderr, line)
}

func (w *watcher) stop() {
	if w.bar != nil {
		w.bar.Finish()
	}
}
