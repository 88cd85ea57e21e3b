package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/recipe"
)

// The next readable sample stands in for an unreadable one, in each batch anew, and each is named once.
func TestBatchWithoutBadSamples(t *testing.T) {
	p := shadePlan(t, 27, 27, func(r *recipe.Recipe) { r.Train.StaticShare = 0.9 })
	p.skip = 2
	load := func(m data.Modality, members ...int) (samples []int) {
		b, err := p.load(t.Context(), 1, 2, m, members, 0)
		require.NoError(t, err)
		for i, v := range b.Views {
			sample, _ := seen(t, v)
			require.Equal(t, sample%5, b.Labels[i])
			samples = append(samples, sample)
		}
		var skipped []string
		for _, s := range b.Skipped {
			require.Equal(t, m, s.Modality)
			skipped = append(skipped, s.Path+": "+s.Error)
		}
		require.ElementsMatch(t, []string{"shade y: shade y: it is damaged", "shade z: shade z can't be opened"}, skipped)
		return samples
	}
	require.Equal(t, []int{3, 26, 4, 26}, load(data.Image, 3, 24, 4, 25))
	require.Equal(t, []int{26, 26, 26, 26}, load(data.Video, 25, 24))
	replaced, err := p.load(t.Context(), 1, 2, data.Video, []int{25, 24, 24}, 3)
	require.NoError(t, err)
	direct, err := p.load(t.Context(), 1, 2, data.Video, []int{26, 26, 26}, 3)
	require.NoError(t, err)
	require.Equal(t, direct.Views, replaced.Views, "what stands in is seen as in its place")
	require.NotEqual(t, direct.Views[0], direct.Views[len(direct.Views)-1])
	items := p.sets.Main.Image.Items
	p.sets.Main.Image.Items = append(items[5:7:7], items[24:26]...)
	require.Equal(t, []int{6, 5, 5}, load(data.Image, 1, 2, 3), "after the last comes the first")
	p.sets.Main.Image.Items = append(items[25:26:26], items[24:26]...)
	_, err = p.load(t.Context(), 1, 2, data.Image, []int{0}, 0)
	require.EqualError(t, err, "shade z can't be opened", "none is left to stand in")
	p.skip = 1
	_, err = p.load(t.Context(), 1, 2, data.Image, []int{1}, 0)
	require.EqualError(t, err, "shade z can't be opened; it is one more than --skip-bad 1 allows")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = p.load(ctx, 1, 2, data.Image, []int{0}, 0)
	require.ErrorIs(t, err, context.Canceled)
}

// badLists adds to lists of faces an image that is missing, one that is no image and one that is cut off behind its header, and a
// video with such a frame.
func badLists(t *testing.T) data.Lists {
	l := faceList(t, 4)
	face, err := os.ReadFile(filepath.Join(l.StaticRoot, "face.png"))
	require.NoError(t, err)
	dir := t.TempDir()
	put := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, text, 0o644))
		return path
	}
	for i := range 30 {
		put(fmt.Sprintf("clip/%02d.png", i), face[:map[bool]int{false: len(face), true: len(face) / 2}[i%10 == 3]])
	}
	add := func(list string, rows ...string) {
		text, err := os.ReadFile(list)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(list, []byte(string(text)+strings.Join(rows, "\n")), 0o644))
	}
	add(l.StaticList, "missing.png 1", put("text.png", []byte("text"))+" 2", put("half.png", face[:len(face)/2])+" 3")
	add(l.DynamicList, filepath.Join(dir, "clip")+",3")
	return l
}

// A run goes on without unreadable samples. It logs each once, and the bits depend neither on an interruption nor on the cache.
func TestSkippedSamples(t *testing.T) {
	r := toy(t, "s4d-tiny")
	r.Train.Epochs, r.Train.DrawnEpochs, r.Data.ListRepeat = 2, 0, 2
	whole := options(t, r)
	whole.Train, whole.Validation, whole.SkipBad = badLists(t), faceList(t, 2), 4
	metrics, err := Train(t.Context(), whole)
	require.NoError(t, err)
	var skipped []string
	for _, e := range log(t, whole) {
		if e.Skipped != nil {
			require.Zero(t, e.Modality)
			skipped = append(skipped, fmt.Sprint(e.Skipped.Modality, " ", filepath.Base(e.Skipped.Path)))
		}
	}
	require.ElementsMatch(t, []string{"image missing.png", "image text.png", "image half.png", "video clip"}, skipped)
	require.Equal(t, []string{"image missing.png", "image text.png"}, skipped[:2], "before the first step")
	require.Len(t, metrics.Skipped, 4)
	notes := strings.Join(whole.Watch.(*watched).notes, "\n")
	require.Equal(t, 4, strings.Count(notes, "skipped "), notes)
	require.Contains(t, notes, "missing.png: no such image")

	want, err := os.ReadFile(filepath.Join(whole.Out, metricsFile))
	require.NoError(t, err)
	for _, at := range []int{1, len(log(t, whole)) / 2} {
		o := options(t, r)
		o.Train, o.Validation, o.SkipBad = whole.Train, whole.Validation, 4
		interrupt(t, o, at)
		o.Resume = true
		require.Equal(t, outcomeOf(t, whole), trained(t, o), "interrupted at step %d", at)
		got, err := os.ReadFile(filepath.Join(o.Out, metricsFile))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	o := whole
	o.Out, o.Recipe.Data.CacheMiB = filepath.Join(t.TempDir(), "run"), 0
	require.Equal(t, outcomeOf(t, whole), trained(t, o))
}

// A run that goes on with a smaller --skip-bad, which is enough for what the check finds, still knows what it has skipped before.
func TestSkippedSamplesOfAResumedRun(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.DrawnEpochs, o.Recipe.Data.ListRepeat = 0, 2
	o.Train, o.SkipBad = badLists(t), 4
	whole := o
	whole.Out = filepath.Join(t.TempDir(), "whole")
	want, err := Train(t.Context(), whole)
	require.NoError(t, err)
	require.Len(t, want.Skipped, 4)
	interrupt(t, o, len(log(t, whole))-5)
	o.Resume, o.SkipBad = true, 2
	got, err := Train(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, outcomeOf(t, whole), outcomeOf(t, o))
}

// Without --skip-bad, or with more bad samples than it allows, a run is refused before anything is written, or ends at the sample.
func TestTooManyBadSamples(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Train = badLists(t)
	_, err := Train(t.Context(), o)
	require.ErrorContains(t, err, "2 of the 7 images of the list cannot be read (--skip-bad 2 or more goes on without): ")
	require.NoDirExists(t, o.Out)
	o.Recipe.Data.ListRepeat, o.SkipBad = 2, 2
	_, err = Train(t.Context(), o)
	require.ErrorContains(t, err, "; it is one more than --skip-bad 2 allows")
	o = options(t, o.Recipe)
	o.Validation = badLists(t)
	_, err = Train(t.Context(), o)
	require.ErrorContains(t, err, "2 of the 7 images of the list cannot be read (--skip-bad 2 or more goes on without): ", "validation is checked, too")
	require.NoDirExists(t, o.Out)
}

// A validation sample whose damage is found only when it is read is left out of the evaluation, and told like one of training.
func TestSkippedInEvaluation(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.Epochs, o.Recipe.Train.DrawnEpochs = 2, 0
	o.Validation, o.SkipBad = badLists(t), 4
	metrics, err := Train(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []int{3, 4}, []int{metrics.Final.Static.Skipped, metrics.Final.Static.N})
	require.Equal(t, []int{1, 4}, []int{metrics.Final.Dynamic.Skipped, metrics.Final.Dynamic.N})
	require.Len(t, metrics.Skipped, 4)
	named := map[data.Modality]int{}
	for _, e := range log(t, o) {
		if e.Skipped != nil {
			named[e.Skipped.Modality]++
		}
	}
	require.Equal(t, map[data.Modality]int{data.Image: 3, data.Video: 1}, named, "once each, though evaluated twice")

	o.Out, o.SkipBad = options(t, o.Recipe).Out, 3
	_, err = Train(t.Context(), o)
	require.ErrorContains(t, err, "; it is one more than --skip-bad 3 allows")
}

// The record of a run names what only its last evaluation found unreadable, too.
func TestSkippedInTheLastEvaluation(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.EvalEvery = 3 // of two epochs, so that the run is evaluated once
	o.Validation, o.SkipBad = badLists(t), 4
	metrics, err := Train(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []int{1}, o.Watch.(*watched).evaluated)
	require.Equal(t, Source{"validation", data.Image, o.Validation.StaticList, 5, 4}, o.Watch.(*watched).sources[2], "without those that the check found")
	state, err := ReadState(o.Out)
	require.NoError(t, err)
	for _, m := range []*Metrics{metrics, state.Metrics} {
		var skipped []string
		for _, s := range m.Skipped {
			skipped = append(skipped, fmt.Sprint(s.Modality, " ", filepath.Base(s.Path)))
		}
		require.Equal(t, []string{"image missing.png", "image text.png", "image half.png", "video clip"}, skipped)
	}
}

// The line of a sample that could not be read in a batch stands before that of the step, and names its epoch and step.
func TestSkippedLinesNameTheirStep(t *testing.T) {
	places := map[place]bool{}
	for seed := range uint64(3) {
		o := options(t, toy(t, "s4d-tiny"))
		o.Recipe.Seed, o.Recipe.Train.Epochs, o.Recipe.Train.DrawnEpochs, o.Recipe.Data.ListRepeat = seed, 1, 0, 2
		o.Train, o.SkipBad = badLists(t), 4
		_, err := Train(t.Context(), o)
		require.NoError(t, err)
		var skipped []place
		for _, e := range log(t, o)[2:] { // those that the check of the lists found come before the first step
			if e.Skipped != nil {
				skipped = append(skipped, e.place)
				continue
			}
			for _, p := range skipped {
				require.Equal(t, []int{e.Epoch, e.Step}, []int{p.Epoch, p.Step})
				places[p] = true
			}
			skipped = nil
		}
		require.Empty(t, skipped)
	}
	require.Greater(t, len(places), 1)
}

// A sample that only an evaluation finds unreadable has its line behind the steps of the epoch.
func TestPlaceOfSkipsInEvaluation(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Train.EvalEvery, o.Recipe.Train.Epochs = 2, 3
	o.Validation, o.SkipBad = badLists(t), 4
	trained(t, o)
	places := map[string]place{}
	for _, e := range log(t, o) {
		if e.Skipped != nil {
			places[filepath.Base(e.Skipped.Path)] = e.place
		}
	}
	require.Equal(t, map[string]place{"missing.png": {"mien-skipped-1", 0, 0}, "text.png": {"mien-skipped-1", 0, 0},
		"half.png": {"mien-skipped-1", 1, 6}, "clip": {"mien-skipped-1", 1, 6}}, places)
}

// Pre-training goes on without unreadable samples as fine-tuning does, and its log and metrics name each.
func TestSkippedSamplesOfPretraining(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny-pretrain"))
	o.Recipe.Data.ListRepeat = 2
	o.Train, o.SkipBad = badLists(t), 4
	m, err := Train(t.Context(), o)
	require.NoError(t, err)
	named := func(all []data.Skipped) (names []string) {
		for _, s := range all {
			names = append(names, fmt.Sprint(s.Modality, " ", filepath.Base(s.Path)))
		}
		return names
	}
	require.ElementsMatch(t, []string{"image missing.png", "image text.png", "image half.png", "video clip"}, named(m.Skipped))
	var logged []data.Skipped
	for _, e := range log(t, o) {
		if e.Skipped != nil {
			logged = append(logged, *e.Skipped)
		}
	}
	require.Equal(t, m.Skipped, logged)
	sources := o.Watch.(*watched).sources
	require.Equal(t, Source{"training", data.Image, o.Train.StaticList, 5, 4}, sources[0], "of 7, without two that the check found")
}
