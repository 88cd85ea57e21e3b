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
