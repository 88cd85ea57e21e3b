package run

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
	"mien/train"
)

// heard is a Watcher that notes all that it hears, in order.
type heard []string

func (h *heard) add(format string, args ...any) { *h = append(*h, fmt.Sprintf(format, args...)) }

func (h *heard) Checked(done, total int) { h.add("checked %d of %d", done, total) }
func (h *heard) Start(total, done int)   { h.add("start at %d of %d", done, total) }
func (h *heard) Saved(epochs int)        { h.add("saved %d", epochs) }
func (h *heard) Print(line string)       { h.add("%s", line) }

func (h *heard) Sources(all []Source) {
	for _, s := range all {
		h.add("%s: %d %s, %s", s.Set, s.Samples, s.Modality, filepath.Base(s.Origin))
	}
}

func (h *heard) Step(s train.Step, m data.Modality) {
	if s.Step == 0 {
		h.add("epoch %d:", s.Epoch)
	}
	(*h)[len(*h)-1] += fmt.Sprintf(" %d %s", s.Step, m)
}

func (h *heard) Evaluated(epoch int, r *infer.Report) {
	h.add("evaluated %d: %d and %d", epoch, r.Static.N, r.Dynamic.N)
}

// A watcher hears of a run in the order that its documentation gives: checks, sources, how far it is, messages, and then each step,
// evaluation and checkpoint as it comes. The last evaluation comes behind the last checkpoint, the others when train.eval_every says.
func TestWatcherHearsAll(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.Epochs, o.Recipe.Train.EvalEvery = 5, 2
	o.Recipe.Train.Replicas = 1
	o.Recipe.Train.ImageBatch, o.Recipe.Data.DrawnVideos, o.Recipe.Data.ListRepeat = 7, 0, 3
	o.Train, o.Validation = faceList(t, 3), videosOf(t, "path,id", data.FERV39K, "anger", "fear")
	o.Validation.StaticList, o.Validation.StaticRoot = faceList(t, 5).StaticList, o.Train.StaticRoot
	interrupt(t, o, 15)
	var whole, resumed heard
	o.Watch, o.Resume = &resumed, true
	_, err := Train(t.Context(), o)
	require.NoError(t, err)
	o.Watch, o.Out, o.Resume = &whole, filepath.Join(t.TempDir(), "run"), false
	_, err = Train(t.Context(), o)
	require.NoError(t, err)
	before := heard{"checked 1 of 3", "checked 2 of 3", "checked 3 of 3", "checked 1 of 3", "checked 2 of 3", "checked 3 of 3",
		"checked 1 of 5", "checked 2 of 5", "checked 3 of 5", "checked 4 of 5", "checked 5 of 5", "checked 1 of 2", "checked 2 of 2",
		"training: 3 image, static.txt", "training: 12 image, drawn faces", "training: 1 video, dynamic.csv",
		"validation: 5 image, static.txt", "validation: 1 video, list.csv"}
	note := "video labels go by the names of classes: list and model order them differently"
	first := heard{
		"epoch 0: 0 video 1 video 2 image 3 image 4 video 5 image", "saved 1",
		"epoch 1: 0 image 1 image 2 video 3 image 4 video 5 video", "evaluated 1: 5 and 2", "saved 2"}
	last := heard{
		"epoch 2: 0 image 1 image 2 video 3 video 4 video 5 image", "saved 3",
		"epoch 3: 0 video 1 image 2 video 3 image 4 video 5 image", "evaluated 3: 5 and 2", "saved 4",
		"epoch 4: 0 video 1 image 2 video 3 video 4 image 5 image", "saved 5", "evaluated 4: 5 and 2"}
	require.Equal(t, slices.Concat(before, heard{"start at 0 of 30", "saved 0", note}, first, last), whole)
	require.Equal(t, slices.Concat(before, heard{"start at 12 of 30", "saved 2", note}, last), resumed)
}

// crossHeard is a CrossWatcher that notes all that it hears, in order; of steps and checks, no more than which end.
type crossHeard struct{ heard }

func (h *crossHeard) Fold(fold int)         { h.add("fold %d", fold) }
func (h *crossHeard) Measuring(samples int) { h.add("measuring %d", samples) }
func (h *crossHeard) Measured(samples int)  { h.add("measured %d", samples) }

func (h *crossHeard) Step(train.Step, data.Modality) {}

func (h *crossHeard) Checked(done, total int) {
	if done == total {
		h.add("checked %d", total)
	}
}

func (h *crossHeard) Evaluated(epoch int, r *infer.Report) {
	var n []int
	for _, s := range r.Scores() {
		n = append(n, s.N)
	}
	h.add("evaluated %d: %v", epoch, n)
}

// A watcher hears of each fold in turn: its number, its run, which of its models is measured, and on what. With train.best_on_test the test
// lists are those of the run, too, whichever model its folder then stands for. What is there already is not done again.
func TestCrossWatcherHearsAll(t *testing.T) {
	const onTest = "the best epoch is chosen on the test list, as the recipe says (train.best_on_test): its scores there are too good"
	const none = "train.use_best: a fold has no list to choose its best epoch on, unless train.best_on_test takes that of the test: " +
		"the model after the last epoch is measured"
	const noList = "train.use_best: there is no list (--val-…) to choose the best epoch on: the folder stands for the model of the last"
	for _, of := range []struct{ onTest, useBest bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		c := cross(t)
		c.Recipe.Train.BestOnTest, c.Recipe.Train.UseBest = of.onTest, of.useBest
		c.Folds[1].Test.DynamicList, c.Folds[1].Test.DynamicRoot, c.Folds = "", "", c.Folds[:2]
		if of.onTest {
			c.Folds = c.Folds[:1] // one is enough
		}
		when := func(is bool, lines ...string) heard {
			if is {
				return lines
			}
			return nil
		}
		want := func(first, measured bool) heard {
			all := when(of.useBest && !of.onTest, none)
			for i, fold := range [][]heard{{
				{"checked 4", "checked 5"}, {"checked 3", "checked 2"}, {"training: 4 image, static_train_1.txt", "training: 5 video, dynamic_train_1.csv"},
				{"test: 3 image, static_test_1.txt", "test: 2 video, dynamic_test_1.csv"}, {"evaluated 0: [3 2]", "evaluated 1: [3 2]"},
				{"evaluation: 3 image, static_test_1.txt", "measuring 3", "measured 3", "evaluation: 2 video, dynamic_test_1.csv", "measuring 2", "measured 2"},
			}, {
				{"checked 5", "checked 4"}, {"checked 2"}, {"training: 5 image, static_train_2.txt", "training: 4 video, dynamic_train_2.csv"},
				{}, {"", ""}, {"evaluation: 2 image, static_test_2.txt", "measuring 2", "measured 2"},
			}}[:len(c.Folds)] {
				dir := c.folder(i)
				chosen := filepath.Join(dir, "model.safetensors") + " is the model of the last epoch; that of the best is best.safetensors"
				if of.useBest {
					chosen = filepath.Join(dir, bestFile) + " is the model of the best epoch, as its recipe says (train.use_best); that of the last is model.safetensors"
				}
				run := heard{"start at 6 of 6", "run folder " + dir + ": the run is finished"}
				if first {
					run = slices.Concat(fold[2], when(of.onTest, fold[3]...), heard{"start at 0 of 6", "saved 0"}, when(of.onTest, onTest),
						when(of.useBest && !of.onTest, noList), when(of.onTest, fold[4][0]), heard{"saved 1", "saved 2"}, when(of.onTest, fold[4][1]))
				}
				all = slices.Concat(all, heard{fmt.Sprintf("fold %d", i)}, fold[0], when(of.onTest, fold[1]...), run, when(of.onTest, chosen), fold[1],
					when(measured, fold[5]...))
			}
			return all
		}
		for i, measured := range []bool{true, true, false} { // as mien does, as published, and again
			h := new(crossHeard)
			c.Observer, c.Published = h, i == 1
			_, err := c.Run(t.Context())
			require.NoError(t, err)
			require.Equal(t, want(i == 0, measured), h.heard)
		}
	}
}
