package run

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
	"mien/modelfile"
	"mien/recipe"
)

// described returns the description of a file in a run folder.
func described(t *testing.T, o Options, name string) modelfile.Description {
	t.Helper()
	f, err := modelfile.Open(filepath.Join(o.Out, name))
	require.NoError(t, err)
	defer f.Close()
	d, err := modelfile.Describe(f)
	require.NoError(t, err)
	return d
}

// The watcher hears first, and the first line of the log tells, what a run learns from and is measured on, by origin.
func TestSources(t *testing.T) {
	lists, validation := faceList(t, 3), faceList(t, 2)
	image := func(set, origin string, samples, classes int) Source {
		return Source{set, data.Image, origin, samples, classes}
	}
	video := func(set, origin string, samples, classes int) Source {
		return Source{set, data.Video, origin, samples, classes}
	}
	for name, c := range map[string]struct {
		change func(o *Options)
		want   []Source
	}{
		"drawn faces": {func(o *Options) { o.Recipe.Data.DrawnTest = 4 }, []Source{
			image("training", DrawnFaces, 12, 7), video("training", DrawnFaces, 9, 7),
			image("validation", DrawnFaces, 4, 4), video("validation", DrawnFaces, 4, 4)}},
		"lists among drawn faces": {func(o *Options) { o.Train, o.Recipe.Data.ListRepeat = lists, 3 }, []Source{
			image("training", lists.StaticList, 3, 3), image("training", DrawnFaces, 12, 7),
			video("training", lists.DynamicList, 1, 3), video("training", DrawnFaces, 9, 7)}},
		"lists after drawn faces": {func(o *Options) {
			o.Train, o.Recipe.Train.DrawnEpochs, o.Recipe.Data.ListRepeat = lists, 1, 2
			o.Validation = validation
		}, []Source{
			image("warm-up", DrawnFaces, 12, 7), video("warm-up", DrawnFaces, 9, 7),
			image("training", lists.StaticList, 3, 3), video("training", lists.DynamicList, 1, 3),
			image("validation", validation.StaticList, 2, 2), video("validation", validation.DynamicList, 1, 2)}},
		"drawn faces after drawn faces": {func(o *Options) { o.Recipe.Train.DrawnEpochs = 1 }, []Source{
			image("training", DrawnFaces, 12, 7), video("training", DrawnFaces, 9, 7)}},
		"images only, after drawn faces": {func(o *Options) {
			o.Train = data.Lists{StaticList: lists.StaticList, StaticRoot: lists.StaticRoot}
			o.Recipe.Train.DrawnEpochs, o.Recipe.Data.ListRepeat, o.Recipe.Train.DynamicShare = 1, 2, 0
		}, []Source{image("warm-up", DrawnFaces, 12, 7), image("training", lists.StaticList, 3, 3)}},
		"videos only, after drawn faces": {func(o *Options) {
			o.Train = data.Lists{DynamicList: lists.DynamicList, DynamicRoot: lists.DynamicRoot}
			o.Recipe.Train.DrawnEpochs, o.Recipe.Data.ListRepeat = 1, 2
		}, []Source{video("warm-up", DrawnFaces, 9, 7), video("training", lists.DynamicList, 1, 3)}},
		"images only": {func(o *Options) { o.Recipe.Train.DynamicShare, o.Recipe.Data.DrawnTest = 0, 4 }, []Source{
			image("training", DrawnFaces, 12, 7), image("validation", DrawnFaces, 4, 4)}},
	} {
		o := options(t, toy(t, "s4d-tiny"))
		c.change(&o)
		got := trained(t, o)
		require.Equal(t, c.want, o.Watch.(*watched).sources, name)
		var head struct{ Data []Source }
		first, _, _ := strings.Cut(got.log, "\n")
		require.NoError(t, json.Unmarshal([]byte(first), &head))
		require.Equal(t, c.want, head.Data, name)
		require.Equal(t, 1, strings.Count(got.log, `"data"`), "once")
	}
}

// Going on with a run does not repeat the line, and tells where a list is now.
func TestSourcesOfAResumedRun(t *testing.T) {
	o := evaluated(t)
	interrupt(t, o, 12)
	list, err := os.ReadFile(o.Validation.StaticList)
	require.NoError(t, err)
	o.Resume, o.Validation.StaticList = true, filepath.Join(t.TempDir(), "moved.txt")
	require.NoError(t, os.WriteFile(o.Validation.StaticList, list, 0o644))
	log := trained(t, o).log
	require.True(t, strings.HasPrefix(log, `{"format":"mien-data-1","data":[`))
	require.Equal(t, 1, strings.Count(log, `"data"`))
	require.Contains(t, log, o.Validation.StaticList)
}

// A model records the different samples that its steps drew, by origin: all of them, or the share that was drawn.
func TestModelRecordsItsTraining(t *testing.T) {
	lists := faceList(t, 3)
	for name, c := range map[string]struct {
		change       func(r *recipe.Recipe)
		lists        data.Lists
		image, video modelfile.Origins
	}{
		"drawn faces": {func(*recipe.Recipe) {}, data.Lists{}, modelfile.Origins{Drawn: 12}, modelfile.Origins{Drawn: 9}},
		"one batch": {func(r *recipe.Recipe) { r.Train.Epochs, r.Train.StaticShare, r.Train.DynamicShare = 1, 0.5, 0 }, data.Lists{},
			modelfile.Origins{Drawn: 4}, modelfile.Origins{}},
		"lists": {func(r *recipe.Recipe) { r.Data.DrawnImages, r.Data.DrawnVideos, r.Data.ListRepeat = 0, 0, 4 }, lists,
			modelfile.Origins{Listed: 3}, modelfile.Origins{Listed: 1}},
		"lists after drawn faces": {func(r *recipe.Recipe) { r.Train.DrawnEpochs, r.Data.ListRepeat = 1, 4 }, lists,
			modelfile.Origins{Listed: 3, Drawn: 12}, modelfile.Origins{Listed: 1, Drawn: 9}},
	} {
		o := options(t, toy(t, "s4d-tiny"))
		o.Train = c.lists
		c.change(&o.Recipe)
		require.NoError(t, o.Recipe.Check())
		trained(t, o)
		d := described(t, o, modelfile.Name)
		require.Equal(t, modelfile.Trained{data.Image: c.image, data.Video: c.video}, d.Trained, name)
	}
	pre := options(t, toy(t, "s4d-tiny-pretrain"))
	trained(t, pre)
	require.Equal(t, modelfile.Trained{data.Image: {Drawn: 12}, data.Video: {Drawn: 9}}, described(t, pre, modelfile.Name).Trained)

	o := options(t, toy(t, "s4d-tiny")) // the best model of a run knows only what came before it
	o.Train, o.Recipe.Train.DrawnEpochs, o.Recipe.Data.ListRepeat = lists, 1, 4
	r := prepared(t, o)
	require.NoError(t, r.begin())
	r.evaluate = func(context.Context) (*infer.Report, error) { return &infer.Report{}, nil }
	_, err := r.score(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, modelfile.Trained{data.Image: {Drawn: 12}, data.Video: {Drawn: 9}}, described(t, o, bestFile).Trained)
}

// A run that starts from a fine-tuned model adds to its record; a head that neither trained stays untrained.
func TestRecordIsCarriedOver(t *testing.T) {
	first := options(t, toy(t, "s4d-tiny"))
	first.Recipe.Data.DrawnVideos = 0
	trained(t, first)
	require.Equal(t, []string{"no step trains the video head: there are no videos to learn from"}, first.Watch.(*watched).notes)
	again := func(init string) modelfile.Trained {
		o := options(t, toy(t, "s4d-tiny"))
		o.Init, o.Train = init, faceList(t, 3)
		o.Train.DynamicList = ""
		o.Recipe.Data.DrawnImages, o.Recipe.Data.DrawnVideos, o.Recipe.Data.ListRepeat = 0, 0, 4
		trained(t, o)
		return described(t, o, modelfile.Name).Trained
	}
	require.Equal(t, modelfile.Trained{data.Image: {Listed: 3, Drawn: 12}, data.Video: {}}, again(first.Out))
	pre := options(t, toy(t, "s4d-tiny-pretrain"))
	trained(t, pre)
	require.Equal(t, modelfile.Trained{data.Image: {Listed: 3}, data.Video: {}}, again(pre.Out), "no heads are loaded")
}

// A head that no step trains is not measured either: drawn faces are left out, and a list is refused before the run.
func TestUntrainedHeadIsNotMeasured(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	o.Recipe.Data.DrawnVideos, o.Recipe.Data.DrawnTest = 0, 4
	trained(t, o)
	e := log(t, o)
	require.NotNil(t, e[len(e)-1].Metrics.Static)
	require.Nil(t, e[len(e)-1].Metrics.Dynamic)

	o = options(t, o.Recipe)
	o.Validation = faceList(t, 2)
	_, err := Train(t.Context(), o)
	require.EqualError(t, err, "the model has never learned from videos: fine-tune it on some, with --init, or leave them out")
	require.NoDirExists(t, o.Out)
}
