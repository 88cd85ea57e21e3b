package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine/cpu"
	"mien/infer"
	"mien/train"
)

// observed is a CrossWatcher that records what it hears, and may call stop before each step and each part of an evaluation.
type observed struct {
	watched
	folds     []int
	measuring []int
	evaluated []Source
	measured  int
	stop      func()
}

func (o *observed) Fold(fold int)         { o.folds = append(o.folds, fold) }
func (o *observed) Measuring(samples int) { o.measuring = append(o.measuring, samples) }

func (o *observed) Sources(s []Source) {
	o.evaluated = append(o.evaluated, slices.DeleteFunc(slices.Clone(s), func(s Source) bool { return s.Set != "evaluation" })...)
}

func (o *observed) Measured(samples int) {
	o.measured += samples
	o.stop()
}

func (o *observed) Step(s train.Step, m data.Modality) {
	o.watched.Step(s, m)
	o.stop()
}

// cross returns a cross-validation of three folds on seven images and seven videos.
func cross(t *testing.T) Cross {
	t.Helper()
	r := toy(t, "s4d-tiny")
	r.Seed = 12 // some answer is right, so that intervals depend on what is drawn
	r.Data.DrawnImages, r.Data.DrawnVideos = 0, 0
	r.Train.ImageBatch, r.Train.VideoBatch, r.Train.VideoRepeat = 4, 2, 1
	require.NoError(t, r.Check())
	l, out := differentFaces(t, 7), filepath.Join(t.TempDir(), "cross")
	parts, err := data.SplitLists(l, 3, nil, r.Seed)
	require.NoError(t, err)
	require.NoError(t, CheckCross(out, false))
	folds, err := WriteFolds(out, l, parts)
	require.NoError(t, err)
	return Cross{Options: Options{Recipe: r, Backend: cpu.New(), Out: out}, Folds: folds, Draws: 20, Observer: &observed{stop: func() {}}}
}

// differentFaces is faceList with another name for each video.
func differentFaces(t *testing.T, n int) data.Lists {
	t.Helper()
	l := faceList(t, n)
	dir, dynamic := t.TempDir(), "video_name,label\n"
	for i := range n {
		name := fmt.Sprintf("video%d", i)
		require.NoError(t, os.Symlink(filepath.Join(l.DynamicRoot, "clip"), filepath.Join(dir, name)))
		dynamic += fmt.Sprintf("%s,%d\n", name, (2*i+3)%7)
	}
	l.DynamicRoot = dir
	require.NoError(t, os.WriteFile(l.DynamicList, []byte(dynamic), 0o644))
	return l
}

// The model of each fold is that of a run on its training lists, and is measured on its test lists; the pooled score is that of all
// answers, not a mean of scores.
func TestCrossValidation(t *testing.T) {
	c := cross(t)
	report, err := c.Run(t.Context())
	require.NoError(t, err)
	w := c.Observer.(*observed)
	require.Equal(t, []int{0, 1, 2}, w.folds)
	require.Equal(t, 14, w.measured)
	require.Len(t, w.measuring, 6, "of a modality each")
	require.Len(t, report.Folds, 3)
	var static, dynamic []infer.Answer
	var sources []Source
	for i, fold := range c.Folds {
		alone := options(t, c.Recipe)
		alone.Train = fold.Train
		require.Equal(t, trained(t, alone).model, tensors(t, filepath.Join(c.folder(i), "model.safetensors")))
		want, sets := answersOf(t, c, alone.Out, fold.Test)
		require.Equal(t, want, report.Folds[i])
		sources = append(sources, SourcesOf("evaluation", sets)...)
		static, dynamic = append(static, want.Static.Answers...), append(dynamic, want.Dynamic.Answers...)
	}
	require.Len(t, static, 7)
	require.Len(t, dynamic, 7)
	pooled := &infer.Report{Static: infer.NewScore(data.AffectNet7, static), Dynamic: infer.NewScore(data.DFEW, dynamic)}
	pooled.Static.Resample(20, c.Recipe.Seed)
	pooled.Dynamic.Resample(20, c.Recipe.Seed)
	require.Equal(t, pooled, report.Pooled)
	require.Equal(t, sources, w.evaluated)
	for i, s := range sources {
		require.Equal(t, s.Samples, w.measuring[i])
	}
	text, err := os.ReadFile(filepath.Join(c.Out, "crossval.json"))
	require.NoError(t, err)
	whole, err := json.MarshalIndent(report, "", "  ")
	require.NoError(t, err)
	require.Equal(t, string(whole)+"\n", string(text))
	require.Contains(t, string(text), `"format": "mien-crossval-1"`)
}

// answersOf returns what a model says of lists, and the sets that they are.
func answersOf(t *testing.T, c Cross, model string, lists data.Lists) (*infer.Report, data.Sets) {
	m, err := infer.Open(model, c.Backend, nil)
	require.NoError(t, err)
	defer m.Close()
	sets, err := data.OpenLists(lists)
	require.NoError(t, err)
	sets, _, err = m.Match(sets)
	require.NoError(t, err)
	r, err := m.Evaluate(t.Context(), sets)
	require.NoError(t, err)
	return r, sets
}

// With train.best_on_test a fold chooses its best epoch on its test list, and with train.use_best that model is measured, said aloud.
func TestBestEpochOfAFold(t *testing.T) {
	c := cross(t)
	c.Recipe.Train.Epochs, c.Recipe.Train.LR = 4, 5e-3
	c.Recipe.Train.BestBy, c.Recipe.Train.BestSet, c.Recipe.Train.BestOnTest, c.Recipe.Train.UseBest = "war", "dynamic", true, true
	report, err := c.Run(t.Context())
	require.NoError(t, err)
	notes, earlier := c.Observer.(*observed).notes, 0
	for i, fold := range c.Folds {
		alone := options(t, c.Recipe)
		alone.Train, alone.Validation = fold.Train, fold.Test
		_, err := Train(t.Context(), alone)
		require.NoError(t, err)
		best := filepath.Join(c.folder(i), bestFile)
		require.Equal(t, tensors(t, filepath.Join(alone.Out, bestFile)), tensors(t, best))
		require.Contains(t, notes, best+" is the model of the best epoch, as its recipe says (train.use_best); that of the last is model.safetensors")
		if tensors(t, best) != tensors(t, filepath.Join(c.folder(i), "model.safetensors")) {
			earlier++
		}
		want, _ := answersOf(t, c, best, fold.Test)
		require.Equal(t, want, report.Folds[i])
	}
	require.Positive(t, earlier, "no best epoch is before the last: nothing is tested")
}

// Without train.best_on_test there is nothing to choose on, which is said; with it, a fold must have the list that is asked for.
func TestNoBestEpochOfAFold(t *testing.T) {
	c := cross(t)
	c.Recipe.Train.BestBy, c.Recipe.Train.BestSet, c.Recipe.Train.UseBest = "war", "dynamic", true
	for i := range c.Folds {
		c.Folds[i].Test.DynamicList = ""
	}
	_, err := c.Run(t.Context())
	require.NoError(t, err)
	require.NoFileExists(t, filepath.Join(c.folder(0), bestFile))
	require.Contains(t, strings.Join(c.Observer.(*observed).notes, "\n"), "train.use_best: a fold has no list to choose its best epoch on")
	c.Out += "2"
	c.Recipe.Train.BestOnTest = true
	_, err = c.Run(t.Context())
	require.EqualError(t, err, "train.best_set is dynamic, and fold 1 has no dynamic test list to choose the best epoch on: leave train.best_set out")
	require.NoDirExists(t, c.Out)
}

// A cross-validation that is interrupted anywhere, again and again, goes on to the same result, and does nothing twice that is done.
func TestCrossValidationIsResumed(t *testing.T) {
	whole := cross(t)
	want, err := whole.Run(t.Context())
	require.NoError(t, err)
	all := whole.Observer.(*observed)
	c := cross(t)
	steps, measured := 0, 0
	for _, after := range []int{3, 9, 2, 6, 4, 1, 1 << 30} {
		ctx, cancel := context.WithCancel(t.Context())
		heard := 0
		w := &observed{stop: func() {
			if heard++; heard == after {
				cancel()
			}
		}}
		c.Observer = w
		got, err := c.Run(ctx)
		cancel()
		steps, measured = steps+len(w.steps), measured+w.measured
		if after < 1<<30 && errors.Is(err, context.Canceled) {
			require.NoError(t, CheckCross(c.Out, true))
			continue
		}
		require.NoError(t, err)
		for _, r := range [][]*infer.Report{want.Folds, got.Folds, {want.Pooled, got.Pooled}} {
			for _, x := range r {
				require.NotNil(t, x.Static)
			}
		}
		require.Equal(t, want, got)
		break
	}
	require.GreaterOrEqual(t, steps, len(all.steps))
	for i := range c.Folds {
		require.Equal(t, tensors(t, filepath.Join(whole.folder(i), "model.safetensors")), tensors(t, filepath.Join(c.folder(i), "model.safetensors")))
	}
	again := &observed{stop: func() { t.Error("something is done again") }}
	c.Observer = again
	got, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Empty(t, again.measuring)
}

// A finished cross-validation is measured again, as published, without being trained again, and keeps both answers.
func TestPublishedCrossValidation(t *testing.T) {
	c := cross(t)
	plain, err := c.Run(t.Context())
	require.NoError(t, err)
	w := &observed{stop: func() {}}
	c.Published, c.Observer = true, w
	got, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, w.steps)
	require.Equal(t, []bool{false, true}, []bool{plain.Published, got.Published})
	for i, fold := range c.Folds {
		m, err := infer.OpenPublished(c.folder(i), c.Backend, nil)
		require.NoError(t, err)
		sets, err := data.OpenLists(fold.Test)
		require.NoError(t, err)
		sets, _, err = m.Match(sets)
		require.NoError(t, err)
		want, err := m.Evaluate(t.Context(), sets)
		require.NoError(t, err)
		require.Equal(t, want, got.Folds[i])
		require.NotEqual(t, plain.Folds[i].Static.Answers[0].Probabilities, want.Static.Answers[0].Probabilities)
		m.Close()
	}
	c.Published, w.stop = false, func() { t.Error("something is done again") }
	again, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, plain, again)
	require.NoError(t, os.RemoveAll(c.folder(1)))
	w.stop = func() {}
	_, err = c.Run(t.Context())
	require.NoError(t, err)
	require.NoFileExists(t, c.answers(1, data.Image, true), "of a model that is gone")
	require.FileExists(t, c.answers(2, data.Image, true))
}

// Answers of another list are not taken, nor are those of a model that is gone.
func TestStaleAnswers(t *testing.T) {
	c := cross(t)
	want, err := c.Run(t.Context())
	require.NoError(t, err)
	path := c.answers(1, data.Image, false)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(text), "\n")
	id, _, _ := strings.Cut(lines[2], ",")
	unclear := lines[0] + lines[1] + strings.TrimSuffix(lines[2], "\n") + "x\n"
	relabelled := lines[0] + strings.Replace(lines[1], ",", ",1", 1)
	slices.Reverse(lines[1 : len(lines)-1])
	for content, message := range map[string]string{
		strings.Join(lines, ""):      "is of another list: remove it",
		"id,label,pred,p_neutral\n":  "the first line is not id,label,pred,p_neutral,p_happiness,p_sadness,p_surprise,p_fear,p_disgust,p_anger: remove it",
		relabelled:                   "is of another list: remove it",
		unclear:                      "answer 2, about " + id + ": strconv.ParseFloat: ",
		"":                           "the first line is not id,label",
		string(text) + "x,1,1,1\n":   "wrong number of fields",
		lines[0] + "x,0,0,1,,,,,,\n": "answer 1, about x, is of another list",
	} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
		_, err = c.Run(t.Context())
		require.ErrorContains(t, err, "fold 2: "+path+": ")
		require.ErrorContains(t, err, message)
	}
	for _, m := range []data.Modality{data.Image, data.Video} {
		for _, published := range []bool{false, true} {
			require.NoError(t, os.WriteFile(c.answers(1, m, published), []byte("of the model that is gone"), 0o644))
		}
	}
	require.NoError(t, os.RemoveAll(c.folder(1)))
	got, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, m := range []data.Modality{data.Image, data.Video} {
		require.NoFileExists(t, c.answers(1, m, true))
	}
}

// The folder is a new one, or that of the same cross-validation.
func TestCheckCross(t *testing.T) {
	c := cross(t)
	require.ErrorContains(t, CheckCross(c.Out, false), "holds a cross-validation: give --resume to continue it")
	require.NoError(t, CheckCross(c.Out, true))
	require.ErrorContains(t, CheckCross(filepath.Join(c.Out, "none"), true), "nothing to resume")
	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "letter"), nil, 0o644))
	for _, resume := range []bool{false, true} {
		require.ErrorContains(t, CheckCross(other, resume), "is not empty and holds no cross-validation")
	}
	for _, resume := range []bool{false, true} {
		file := filepath.Join(other, "letter")
		require.ErrorContains(t, CheckCross(file, resume), "--out "+file+": ", "a file")
	}
	l := differentFaces(t, 7)
	parts, err := data.SplitLists(l, 2, nil, c.Recipe.Seed)
	require.NoError(t, err)
	_, err = WriteFolds(c.Out, l, parts)
	require.ErrorContains(t, err, "belongs to another cross-validation: resume with the same lists, folds, group and seed")
}

// The lists of folds are named after those that were divided, part by part and modality by modality. Where the same ones are there, they
// are left; another one in any place is refused.
func TestListsOfFolds(t *testing.T) {
	l := data.Lists{StaticList: "some/faces.txt", StaticRoot: "faces", DynamicList: "some/clips.csv", DynamicRoot: "clips"}
	parts := func() (all []data.Fold) {
		for i := range 2 {
			text := func(of string) map[data.Modality][]byte {
				return map[data.Modality][]byte{data.Image: fmt.Appendf(nil, "image %s %d\n", of, i), data.Video: fmt.Appendf(nil, "video %s %d\n", of, i)}
			}
			all = append(all, data.Fold{Train: text("train"), Test: text("test")})
		}
		return all
	}
	out := t.TempDir()
	for range 2 {
		folds, err := WriteFolds(out, l, parts())
		require.NoError(t, err)
		require.Len(t, folds, 2)
		for i, fold := range folds {
			for of, got := range map[string]data.Lists{"train": fold.Train, "test": fold.Test} {
				path := func(name, ext string) string {
					return filepath.Join(out, "lists", fmt.Sprintf("%s_%s_%d%s", name, of, i+1, ext))
				}
				require.Equal(t, data.Lists{StaticList: path("static", ".txt"), StaticRoot: "faces", DynamicList: path("dynamic", ".csv"), DynamicRoot: "clips"}, got)
				for path, of := range map[string]string{got.StaticList: "image " + of, got.DynamicList: "video " + of} {
					text, err := os.ReadFile(path)
					require.NoError(t, err)
					require.Equal(t, fmt.Sprintf("%s %d\n", of, i), string(text))
				}
			}
		}
	}
	for _, m := range []data.Modality{data.Image, data.Video} {
		for _, of := range []string{"train", "test"} {
			other := parts()
			changed := map[string]map[data.Modality][]byte{"train": other[1].Train, "test": other[1].Test}[of]
			changed[m] = append(changed[m], "more\n"...)
			_, err := WriteFolds(out, l, other)
			require.ErrorContains(t, err, fmt.Sprintf("%s_%s_2.%s belongs to another cross-validation: resume with the same",
				data.ByModality(m, "static", "dynamic"), of, data.ByModality(m, "txt", "csv")))
		}
	}
	for _, m := range []data.Modality{data.Image, data.Video} { // alone
		divided, all := data.ByModality(m, data.Lists{StaticList: l.StaticList, StaticRoot: "faces"}, data.Lists{DynamicList: l.DynamicList, DynamicRoot: "clips"}), parts()
		for _, part := range all {
			other := data.ByModality(m, data.Video, data.Image)
			delete(part.Train, other)
			delete(part.Test, other)
		}
		folds, err := WriteFolds(out, divided, all)
		require.NoError(t, err)
		*data.ByModality(m, &divided.StaticList, &divided.DynamicList) = filepath.Join(out, "lists", data.ByModality(m, "static_test_1.txt", "dynamic_test_1.csv"))
		require.Equal(t, divided, folds[0].Test)
	}
}

// Models that know other classes are not measured together.
func TestPoolOfOtherClasses(t *testing.T) {
	score := func(labels ...string) *infer.Report { return &infer.Report{Static: infer.NewScore(labels, nil)} }
	_, err := pool([]*infer.Report{score("a", "b"), score("b", "a")}, data.Image)
	require.EqualError(t, err, "the models of two folds know other classes of images, a, b and b, a: write the names in all lists, or numbers")
	none, err := pool([]*infer.Report{score("a")}, data.Video)
	require.NoError(t, err)
	require.Nil(t, none)
}

// Samples that could not be read count in every fold and in all together, also where the answers of a fold are read again.
func TestSkippedOfACrossValidation(t *testing.T) {
	labels := []string{"fear", "joy"}
	answer := func(id string, truth int) infer.Answer {
		return infer.Answer{ID: id, Truth: truth, Class: 1, Probabilities: []float64{0.25, 0.75}}
	}
	fold := func(skipped int, answers ...infer.Answer) *infer.Report {
		s := infer.NewScore(labels, answers)
		s.Skipped = skipped
		return &infer.Report{Dynamic: s}
	}
	pooled, err := pool([]*infer.Report{fold(2, answer("a", 0)), fold(3, answer("b", 1), answer("c", 1))}, data.Video)
	require.NoError(t, err)
	require.Equal(t, [2]int{5, 3}, [2]int{pooled.Skipped, pooled.N})
	none := &infer.Report{Static: infer.NewScore(labels, nil)} // a fold without videos
	among, err := pool([]*infer.Report{none, fold(2, answer("a", 0)), none, fold(3, answer("b", 1), answer("c", 1)), none}, data.Video)
	require.NoError(t, err)
	require.Equal(t, pooled, among)

	c := Cross{Options: Options{Out: t.TempDir()}}
	file, err := os.Create(c.answers(1, data.Video, false))
	require.NoError(t, err)
	w, err := infer.NewAnswerFile(file, labels)
	require.NoError(t, err)
	require.NoError(t, w.Write([]infer.Answer{answer("a", 0), answer("d", 1)}))
	require.NoError(t, file.Close())
	d := &data.Dataset{Modality: data.Video, Skipped: 4}
	for i, id := range []string{"a", "b", "c", "d", "e"} {
		d.Items = append(d.Items, data.Item{Name: id, Label: i / 3})
	}
	m := &infer.Model{}
	m.Labels = map[data.Modality][]string{data.Video: labels}
	s, err := c.score(t.Context(), m, 1, d)
	require.NoError(t, err)
	require.Equal(t, [2]int{4 + 3, 2}, [2]int{s.Skipped, s.N})
}

// A cross-validation goes on without as many unreadable samples of its test lists as it may, and says how many there were.
func TestUnreadableTestSamples(t *testing.T) {
	c := cross(t)
	c.Folds = c.Folds[:2]
	readable, err := data.OpenLists(c.Folds[1].Test)
	require.NoError(t, err)
	list := c.Folds[1].Test.StaticList
	text, err := os.ReadFile(list)
	require.NoError(t, err)
	half := filepath.Join(t.TempDir(), "half.png") // found when it is read, the other one before
	face, err := os.ReadFile(filepath.Join(c.Folds[1].Test.StaticRoot, "face.png"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(half, face[:len(face)/2], 0o644))
	require.NoError(t, os.WriteFile(list, fmt.Appendf(text, "missing.png 1\n%s 2\n", half), 0o644))
	c.SkipBad = 1
	_, err = c.Run(t.Context())
	require.ErrorContains(t, err, "fold 2: ")
	require.ErrorContains(t, err, "it is one more than --skip-bad 1 allows")
	c.SkipBad = 2
	for range 2 { // measured, and read again
		report, err := c.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0, 2, 2}, []int{report.Folds[0].Static.Skipped, report.Folds[1].Static.Skipped, report.Pooled.Static.Skipped})
		require.Equal(t, report.Folds[0].Static.N+report.Folds[1].Static.N, report.Pooled.Static.N)
		require.Equal(t, len(readable.Image.Items), report.Folds[1].Static.N)
	}
}
