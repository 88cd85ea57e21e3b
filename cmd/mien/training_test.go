package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/infer"
	"mien/recipe"
	"mien/report"
	"mien/run"
	"mien/systems"
	"mien/train"
)

// Each flag reaches its option.
func TestOptions(t *testing.T) {
	seed := uint64(5)
	b := newCPU()
	defer b.Close()
	o, err := trainFlags{Recipe: "s4d-tiny", runFlags: runFlags{Init: "from", Out: "to", Resume: true, Epochs: new(uint(2)), Seed: &seed, Recompute: true, precisionFlag: precisionFlag{engine.BF16}},
		skipFlags: skipFlags{6}, dataFlags: dataFlags{"a", "b", "c", "d"}}.options(&console{backend: b}, recipe.Finetune)
	require.NoError(t, err)
	want, err := systems.Load("s4d-tiny")
	require.NoError(t, err)
	want.Seed = 5
	want, err = want.WithEpochs(2)
	require.NoError(t, err)
	require.Equal(t, run.Options{Recipe: want, Backend: b, Train: data.Lists{StaticList: "a", StaticRoot: "b", DynamicList: "c", DynamicRoot: "d"},
		Init: "from", Out: "to", Resume: true, Recompute: true, Precision: engine.BF16, Memory: memory("/"), SkipBad: 6}, o)

	o, err = trainFlags{Recipe: "s4d-tiny"}.options(&console{}, recipe.Finetune)
	require.NoError(t, err)
	want, err = systems.Load("s4d-tiny")
	require.NoError(t, err)
	require.Equal(t, want, o.Recipe)
	require.False(t, o.Resume || o.Recompute)
	require.Equal(t, engine.Full, o.Precision)
	require.True(t, o.Train.Empty())

	o, err = trainFlags{Recipe: "s4d-pretrain", runFlags: runFlags{Seed: new(uint64(0))}}.options(&console{}, recipe.Pretrain)
	require.NoError(t, err)
	want, err = systems.Load("s4d-pretrain")
	require.NoError(t, err)
	require.NotZero(t, want.Seed)
	want.Seed = 0
	require.Equal(t, want, o.Recipe, "a seed of 0 is one, too")
}

// However short a run is, a warm-up on drawn faces leaves epochs for the lists, and both parts end at a low learning rate.
func TestEpochsLeaveSomeForTheLists(t *testing.T) {
	path := drawnFirst(t)
	for epochs, drawn := range map[uint]int{2: 1, 3: 1, 10: 6, 40: 24, 80: 48} {
		o, err := trainFlags{Recipe: path, runFlags: runFlags{Epochs: &epochs}}.options(&console{}, recipe.Finetune)
		require.NoError(t, err)
		require.EqualValues(t, epochs, o.Recipe.Train.Epochs)
		require.Equal(t, drawn, o.Recipe.Train.DrawnEpochs, "of %d", epochs)
		const steps = 50
		rate := o.Recipe.Schedule(steps)
		for _, last := range []int{drawn*steps - 1, int(epochs)*steps - 1} {
			require.Less(t, rate(last), o.Recipe.Train.LR/50, "step %d of %d epochs", last, epochs)
		}
	}
	_, err := trainFlags{Recipe: path, runFlags: runFlags{Epochs: new(uint(1))}}.options(&console{}, recipe.Finetune)
	require.EqualError(t, err, "--epochs 1: recipe first-drawn learns from drawn faces first and from the lists then: it needs at least 2 epochs")
}

// drawnFirst writes a recipe whose first 24 of 40 epochs are of drawn faces.
func drawnFirst(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "own.toml")
	text := "base = 's4d-demo'\nname = 'first-drawn'\n[train]\nepochs = 40\ndrawn_epochs = 24\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// The progress of a run names its part, its epoch, and the running mean of the loss on each modality; evaluations stand above it.
// Interrupted, it says how to go on from what is saved. The clock is a fake one.
func TestWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stderr bytes.Buffer
		out := &console{stderr: &stderr}
		w := &watcher{out: out, description: "learning", hint: func(epochs int) string { return fmt.Sprint(epochs, " saved") }, loss: map[data.Modality]float64{}}
		w.Sources([]run.Source{{Set: "training", Modality: data.Video, Origin: "l.csv", Samples: 4, Classes: 3},
			{Set: "validation", Modality: data.Image, Origin: "drawn faces", Samples: 5, Classes: 2}})
		w.Print("before the bar")
		w.Start(40, 10)
		step := func(epoch int, m data.Modality, loss float64) {
			time.Sleep(time.Minute)
			w.Step(train.Step{Epoch: epoch, Step: 7, Loss: loss}, m)
		}
		step(1, data.Video, 3)
		step(1, data.Video, 1)
		step(1, data.Image, 7)
		w.Evaluated(1, &infer.Report{Static: &infer.Score{UAR: 10.06, WAR: 20, N: 3}, Dynamic: &infer.Score{UAR: 30, WAR: 40.5, N: 3}})
		step(2, data.Video, 2.9)
		w.Saved(3)
		w.Finish()
		require.Equal(t, `set                origin       samples  classes
dynamic training   l.csv              4        3
static validation  drawn faces        5        2
before the bar
learning, epoch 2, video 3.000: 11 of 40
learning, epoch 2, video 2.900: 12 of 40
learning, epoch 2, image 7.000, video 2.900: 13 of 40
epoch 2:  static UAR 10.1 WAR 20.0  dynamic UAR 30.0 WAR 40.5
learning, epoch 3, image 7.000, video 2.900: 14 of 40
`, stderr.String())
		require.Equal(t, "3 saved", *out.hint.Load())
	})
}

// Of several runs, one after the other, each is shown with means of its own losses, and waited for data by itself.
func TestWatchersOfSeveralRuns(t *testing.T) {
	out := &console{}
	study, folds := &ablateWatcher{watcher: newWatcher(out, "")}, &crossWatcher{watcher: newWatcher(out, ""), folds: 5}
	for _, c := range []struct {
		first, second string
		w             *watcher
		begin         func(i int)
	}{
		{"run 1 of 5, early, seed 7, finetune", "run 2 of 5, early, seed 7, finetune", study.watcher,
			func(i int) { study.Run("early", 7, recipe.Finetune, i, 5) }},
		{"fold 1 of 5", "fold 2 of 5", folds.watcher, folds.Fold},
	} {
		synctest.Test(t, func(t *testing.T) {
			var stderr bytes.Buffer
			out.stderr = &stderr
			step := func(m data.Modality, loss float64) {
				time.Sleep(time.Minute)
				c.w.Step(train.Step{Loss: loss, Took: 10 * time.Second, Waited: time.Duration(loss) * time.Second}, m)
			}
			for i, loss := range []float64{8, 2} {
				c.begin(i)
				c.w.Start(9, 4*i)
				step(data.Image, loss)
				step(data.Video, loss+1)
				step(data.Image, loss)
			}
			c.w.finish()
			waited := "mien: steps waited for data for %.1f %% of their time\n"
			require.Equal(t, c.first+", epoch 1, image 8.000: 1 of 9\n"+c.first+", epoch 1, image 8.000, video 9.000: 2 of 9\n"+
				c.first+", epoch 1, image 8.000, video 9.000: 3 of 9\n"+fmt.Sprintf(waited, 83.3)+
				c.second+", epoch 1, image 2.000: 5 of 9\n"+c.second+", epoch 1, image 2.000, video 3.000: 6 of 9\n"+
				c.second+", epoch 1, image 2.000, video 3.000: 7 of 9\n"+fmt.Sprintf(waited, 23.3), stderr.String())
		})
	}
}

// A run of some length says how much of its steps' time it waited for data, a short one does not.
func TestWaitedForData(t *testing.T) {
	for _, c := range []struct {
		took, waited time.Duration
		want         string
	}{
		{6 * time.Second, 2 * time.Second, "mien: steps waited for data for 37.0 % of their time\n"},
		{6 * time.Second, 0, "mien: steps waited for data for 10.9 % of their time\n"},
		{4 * time.Second, time.Second, ""},
	} {
		var stderr bytes.Buffer
		w := newWatcher(&console{stderr: &stderr}, "learning")
		w.Progress = report.NewProgress(io.Discard, 4, "learning")
		for range 3 {
			w.Step(train.Step{Took: c.took, Waited: c.waited}, data.Image)
		}
		w.Step(train.Step{Took: 5 * time.Second, Waited: 2500 * time.Millisecond}, data.Video)
		w.finish()
		require.Equal(t, c.want, stderr.String())
		w.finish()
		require.Equal(t, c.want, stderr.String(), "once for a run")
	}
}

// A run ends with the losses and recalls that it reached, what is in its folder, and how many samples it went without.
func TestPrintedRun(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "model.safetensors", "")
	write(t, dir, "log.jsonl", "")
	m := &run.Metrics{Loss: map[data.Modality]float64{data.Video: 0.25, data.Image: 12.34567}}
	printed := func() string {
		var b bytes.Buffer
		require.NoError(t, printRun(&console{stdout: &checked{Writer: &b}}, dir, m))
		return b.String()
	}
	losses, folder := "modality  loss of last epoch\nimage                12.3457\nvideo                 0.2500\n", "run folder "+dir+": log.jsonl, model.safetensors\n"
	require.Equal(t, losses+folder, printed())
	m.Final = &infer.Report{Static: &infer.Score{UAR: 10.126, WAR: 20.5, N: 30}, Dynamic: &infer.Score{UAR: 40, WAR: 50.25, N: 6}}
	m.Skipped = []data.Skipped{{Path: "a"}, {Path: "b"}}
	require.Equal(t, losses+"set        UAR    WAR   n\nstatic   10.13  20.50  30\ndynamic  40.00  50.25   6\n"+folder+
		skipped(m.Skipped)+"; log.jsonl says why\n", printed())
	m.Final, m.Skipped = nil, m.Skipped[:1]
	require.Equal(t, losses+folder+skipped(m.Skipped)+"; log.jsonl says why\n", printed())
}

// Interrupted, a run says how many epochs it keeps, if any.
func TestGoOn(t *testing.T) {
	f := runFlags{Out: "to"}
	require.Equal(t, "run folder to holds no finished epoch yet: --resume begins again", f.goOn(0))
	require.Equal(t, "run folder to keeps the finished epochs (1): continue with --resume", f.goOn(1))
}

// No epochs are no run.
func TestNoEpochs(t *testing.T) {
	for _, name := range []string{"s4d-tiny", drawnFirst(t), "s4d-tiny-pretrain"} {
		dir := filepath.Join(t.TempDir(), "run")
		code, _, stderr := mien(map[bool]string{true: "pretrain", false: "finetune"}[strings.HasSuffix(name, "pretrain")],
			"--recipe", name, "--epochs", "0", "--out", dir)
		require.Equal(t, misused, code)
		require.Regexp(t, `^mien: --epochs 0: .*(between 1 and|at least 2 epochs)`, stderr)
		require.NoDirExists(t, dir)
	}
}

// The help of a list says what the command does with it: none but finetune keeps a best model, and pre-training needs no labels.
func TestHelpOfLists(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Name("mien"), kong.Vars{"version": ""})
	require.NoError(t, err)
	help := map[string]string{}
	require.NoError(t, kong.Visit(parser.Model.Node, func(node kong.Visitable, next kong.Next) error {
		if n, ok := node.(*kong.Node); ok {
			for _, flag := range n.Flags {
				help[strings.TrimPrefix(n.FullPath(), "mien ")+" "+flag.Name] = flag.Help
			}
		}
		return next(nil)
	}))
	for flag, want := range map[string]string{
		"finetune static-list":         "List of labelled images: 'path label' a line",
		"eval dynamic-list":            "List of labelled videos: a CSV as of DFEW",
		"pretrain static-list":         "List of images: a path a line, with or without a label",
		"pretrain dynamic-list":        "List of videos likewise.",
		"finetune val-static-list":     "Images to evaluate on after each epoch",
		"finetune val-dynamic-list":    "Videos to evaluate on likewise.",
		"ablate val-static-list":       "Images that each row is measured on",
		"ablate val-dynamic-list":      "Videos likewise.",
		"data check val-static-list":   "Images of a second list",
		"data check val-dynamic-list":  "Videos likewise.",
		"ablate pretrain-dynamic-list": "Videos of pre-training likewise.",
	} {
		require.True(t, strings.HasPrefix(help[flag], want), "%s: %s", flag, help[flag])
	}
	for flag, text := range help {
		require.Equal(t, flag == "finetune val-static-list", strings.Contains(text, "the best model is kept"), flag)
	}
}
