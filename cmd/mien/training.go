package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"

	"mien/data"
	"mien/engine"
	"mien/infer"
	"mien/modelfile"
	"mien/recipe"
	"mien/report"
	"mien/run"
	"mien/systems"
	"mien/train"
)

// mien pretrain and mien finetune: flags, options and progress.

// dataFlags name the lists of samples; their fields are those of data.Lists. A command may set another help.
type dataFlags struct {
	StaticList  string `help:"${images=List of labelled images: 'path label' a line, or a CSV; a label is a number or a name.}" placeholder:"FILE"`
	StaticRoot  string `help:"Folder in which the images of the list are." placeholder:"DIR"`
	DynamicList string `help:"${videos=List of labelled videos: a CSV as of DFEW, FERV39K or MAFW, or with names for labels.}" placeholder:"FILE"`
	DynamicRoot string `help:"Folder in which the videos of the list are." placeholder:"DIR"`
}

// trainFlags are common to pretrain and finetune.
type trainFlags struct {
	Recipe string `help:"Name of an embedded recipe, or a TOML file; 'mien recipe' lists and prints them." required:"" placeholder:"NAME|FILE"`
	runFlags
	skipFlags
	dataFlags
}

// precisionFlag is shared by all that trains.
type precisionFlag struct {
	Precision engine.Precision `help:"Number format of products: f32, or bf16 with float32 parameters and sums, which is faster on CPUs with AVX512_BF16." default:"f32"`
}

// runFlags are those of every command that trains by a recipe.
type runFlags struct {
	Init      string  `help:"Weights to start from: a file or a run folder." placeholder:"FILE|RUN"`
	Out       string  `help:"Run folder to write; of crossval, the folder of all runs." required:"" placeholder:"DIR"`
	Resume    bool    `help:"Continue the run in the folder from its last finished epoch; all else must be as before."`
	Epochs    *uint   `help:"Epochs instead of the recipe's." placeholder:"N"`
	Seed      *uint64 `help:"Seed instead of the recipe's." placeholder:"N"`
	Recompute bool    `help:"Take less memory and about a third more time: blocks compute twice what the backward pass needs. The result is the same."`
	precisionFlag
}

// options reads the recipe of a kind of run and applies the flags that change it.
func (f trainFlags) options(out *console, kind string) (run.Options, error) {
	o, err := f.runFlags.options(out, kind, f.Recipe)
	o.Train, o.SkipBad = data.Lists(f.dataFlags), f.limit()
	return o, err
}

// options reads a recipe, which must be for a kind of run, and applies the flags that change it.
func (f runFlags) options(out *console, kind, nameOrFile string) (run.Options, error) {
	load := systems.Load
	if f.Resume {
		load = recipe.Load // a run goes on with what it began with: package run checks the rest
	}
	r, err := load(nameOrFile)
	switch {
	case err != nil:
	case r.Kind != kind:
		err = fmt.Errorf("recipe %s is for %s: run `mien %s`", r.Name, r.Kind, trainedBy[r.Kind])
	case f.Epochs != nil:
		if r, err = r.WithEpochs(int(*f.Epochs)); err != nil {
			err = usagef("--epochs %d: %w", *f.Epochs, err)
		}
	}
	if f.Seed != nil {
		r.Seed = *f.Seed
	}
	return run.Options{Recipe: r, Backend: out.backend, Init: f.Init, Out: f.Out, Resume: f.Resume, Recompute: f.Recompute, Precision: f.Precision,
		Memory: memory("/")}, err
}

// trainedBy names the command of each kind of run.
var trainedBy = map[string]string{recipe.Pretrain: "pretrain", recipe.Finetune: "finetune", recipe.Landmarks: "landmarks train"}

// train carries out a run of a kind and prints the result.
func (f trainFlags) train(out *console, kind, description string, more finetuneFlags) error {
	m, err := f.watch(out, kind, description, more, f.goOn)
	if err != nil {
		return err
	}
	return printRun(out, f.Out, m)
}

// goOn says how to go on with a run that is interrupted after so many epochs.
func (f runFlags) goOn(epochs int) string {
	if epochs == 0 {
		return fmt.Sprintf("run folder %s holds no finished epoch yet: --resume begins again", f.Out)
	}
	return fmt.Sprintf("run folder %s keeps the finished epochs (%d): continue with --resume", f.Out, epochs)
}

// printRun prints what a run in a folder has reached.
func printRun(out *console, dir string, m *run.Metrics) error {
	var rows [][]string
	for _, k := range []data.Modality{data.Image, data.Video} {
		if loss, ok := m.Loss[k]; ok {
			rows = append(rows, cells("%s\t%.4f", k, loss))
		}
	}
	report.Table(out.stdout, []string{"modality", "loss of last epoch"}, rows)
	if m.Landmarks != nil {
		printLandmarks(out, m.Landmarks)
	}
	if m.Final != nil {
		if err := printScores(out, dir, m.Final); err != nil {
			return err
		}
	}
	var names []string
	files, err := os.ReadDir(dir)
	for _, file := range files {
		names = append(names, file.Name())
	}
	fmt.Fprintf(out.stdout, "run folder %s: %s\n", dir, strings.Join(names, ", "))
	if len(m.Skipped) > 0 {
		fmt.Fprintf(out.stdout, "%s; log.jsonl says why\n", skipped(m.Skipped))
	}
	return err
}

// printScores prints what the model after the last epoch was measured at and, where the run folder stands for that of the best epoch, what
// that was.
func printScores(out *console, dir string, final *infer.Report) error {
	state, err := run.ReadState(dir)
	if err != nil {
		return err
	}
	note := modelfile.Chosen(dir)
	if note == "" || !state.Recipe.Train.UseBest {
		printReport(out, final)
	} else {
		best, err := state.Measured(dir)
		if err != nil {
			return err
		}
		fmt.Fprintln(out.stdout, "after the last epoch")
		printReport(out, final)
		fmt.Fprintln(out.stdout, "after the best epoch")
		printReport(out, best)
	}
	if note != "" {
		out.note(false, note)
	}
	return nil
}

type pretrainCmd struct {
	trainFlags `set:"images=List of images: a path a line, with or without a label, or a CSV." set:"videos=List of videos likewise."`
}

func (c *pretrainCmd) Run(out *console) error {
	return c.train(out, recipe.Pretrain, "pre-training", finetuneFlags{})
}

type finetuneCmd struct {
	trainFlags
	finetuneFlags
}

// finetuneFlags are those that pre-training has no use for.
type finetuneFlags struct {
	landmarkFlag
	Val valFlags `embed:"" prefix:"val-"`
}

// landmarkFlag names the landmark network of a run of S2D.
type landmarkFlag struct {
	Landmarks string `help:"Weights of the landmark network that s2d reads, unless --init has them: a run of landmarks train, MobileFaceNet's .pth.tar or OpenVINO .xml, or a model that has it." placeholder:"FILE|RUN"`
}

func (c *finetuneCmd) Run(out *console) error {
	return c.train(out, recipe.Finetune, "fine-tuning", c.finetuneFlags)
}

// valFlags name the lists for evaluation during a run; their fields are those of data.Lists. A command may set another help.
type valFlags struct {
	StaticList  string `help:"${val_images=Images to evaluate on after each epoch, or as often as the recipe says; the best model is kept beside the last, as best.safetensors.}" placeholder:"FILE"`
	StaticRoot  string `help:"Folder of these images." placeholder:"DIR"`
	DynamicList string `help:"${val_videos=Videos to evaluate on likewise.}" placeholder:"FILE"`
	DynamicRoot string `help:"Folder of these videos." placeholder:"DIR"`
}

// watch carries out a run of a kind and shows its progress. hint says how to go on if it is interrupted after so many epochs.
func (f trainFlags) watch(out *console, kind, description string, more finetuneFlags, hint func(int) string) (*run.Metrics, error) {
	o, err := f.options(out, kind)
	o.Landmarks, o.Validation = more.Landmarks, data.Lists(more.Val)
	if err := cmp.Or(err, checkRoots(o.Train, ""), checkRoots(o.Validation, "val-")); err != nil {
		return nil, err
	}
	return watch(out, o, description, hint)
}

// watch carries out a run and shows its progress.
func watch(out *console, o run.Options, description string, hint func(int) string) (*run.Metrics, error) {
	w := newWatcher(out, description)
	w.hint = hint
	defer w.finish()
	o.Watch = w
	return run.Train(out.ctx, o)
}

// watcher shows a run as a progress bar.
type watcher struct {
	*report.Progress // from Start on
	listCheck
	out         *console
	description string
	hint        func(epochs int) string
	loss        map[data.Modality]float64 // running means
	took        time.Duration             // of all steps
	waited      time.Duration             // of that, for data
}

func newWatcher(out *console, description string) *watcher {
	return &watcher{out: out, description: description, loss: map[data.Modality]float64{}, listCheck: listCheck{stderr: out.stderr}}
}

// finish removes what is shown of the run, after which another may begin.
func (w *watcher) finish() {
	w.listCheck.finish()
	w.Finish()
	if w.took > longRun {
		fmt.Fprintf(w.out.stderr, "mien: steps waited for data for %.1f %% of their time\n", 100*w.waited.Seconds()/w.took.Seconds())
	}
	w.took, w.waited = 0, 0
}

// longRun is how long the steps of a run take before its end says whether they waited for data: less is no measure.
const longRun = 20 * time.Second

// Print writes a line above the bar, or before there is one.
func (w *watcher) Print(line string) {
	if w.Progress == nil {
		fmt.Fprintln(w.out.stderr, line)
		return
	}
	w.Progress.Print(line)
}

func (w *watcher) Sources(all []run.Source) { printSources(w.out, all) }

func (w *watcher) Start(total, done int) {
	w.Progress = report.NewProgress(w.out.stderr, total, w.description)
	w.Resume(done)
}

func (w *watcher) Step(s train.Step, m data.Modality) {
	w.took, w.waited = w.took+s.Took, w.waited+s.Waited
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
	w.Describe(text)
	w.Add(1)
}

func (w *watcher) Saved(epochs int) { w.out.hint.Store(new(w.hint(epochs))) }

func (w *watcher) Evaluated(epoch int, r *infer.Report) {
	line := fmt.Sprintf("epoch %d:", epoch+1)
	for _, s := range r.Scores() {
		line += fmt.Sprintf("  %s UAR %.1f WAR %.1f", s.Name, s.UAR, s.WAR)
	}
	w.Print(line)
}
