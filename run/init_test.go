package run

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/modelfile"
	"mien/recipe"
)

// prepared returns a run that is ready to start. It does not lock its folder, so that another can be carried out there.
func prepared(t *testing.T, o Options) *run {
	t.Helper()
	r := &run{Options: o}
	t.Cleanup(r.close)
	require.NoError(t, r.prepare(t.Context()))
	r.folder.release()
	return r
}

// values returns the parameters of a run.
func (r *run) values(t *testing.T) map[string][]float32 {
	t.Helper()
	all := map[string][]float32{}
	for _, p := range r.params {
		v, err := engine.Read[float32](p.Data())
		require.NoError(t, err)
		all[p.Name] = v
	}
	return all
}

// A fine-tuning run loads the encoder of a pre-training run, and reports what it found there and what was missing.
func TestInitFromPretraining(t *testing.T) {
	pre := options(t, toy(t, "s4d-tiny-pretrain"))
	trained(t, pre)
	o := options(t, toy(t, "s4d-tiny"))
	o.Init, o.Recipe.Seed = pre.Out, 4
	r := prepared(t, o)
	require.Len(t, r.notes, 3)
	require.Equal(t, "loaded 28 tensors", r.notes[0])
	require.Contains(t, r.notes[1], "initialised 26 that the file lacks: ")
	require.Contains(t, r.notes[1], "head.image.weight")
	require.Contains(t, r.notes[2], "unused: decoder.blocks.*")
	from, fresh := parameters(t, filepath.Join(pre.Out, modelfile.Name)), beginning(t, o.Recipe)
	for name, v := range r.values(t) {
		if want, ok := from["encoder."+name]; ok {
			require.Equal(t, want, v, name)
		} else {
			require.Equal(t, fresh[name], v, name)
		}
	}
	require.Empty(t, o.Watch.(*watched).notes)
	trained(t, o)
	require.Equal(t, r.notes, o.Watch.(*watched).notes)
}

// Fine-tuning a fine-tuned model moves the rows of its head if the list numbers the classes differently.
func TestInitFollowsClasses(t *testing.T) {
	first := options(t, toy(t, "s4d-tiny"))
	trained(t, first)
	o := options(t, toy(t, "s4d-tiny"))
	o.Init, o.Train = first.Out, videoList(t, "path,id")
	r := prepared(t, o)
	require.Equal(t, []string{"loaded 54 tensors",
		"the video head follows its classes into another order: anger, disgust, fear, happiness, neutral, sadness, surprise"}, r.notes)
	from := parameters(t, filepath.Join(first.Out, modelfile.Name))
	for name, v := range r.values(t) {
		width := o.Recipe.Model.Dim
		switch name {
		case "head.video.bias":
			width = 1
		case "head.video.weight":
		default:
			require.Equal(t, from[name], v, name)
			continue
		}
		for i, class := range data.FERV39K {
			row := slices.Index(data.DFEW, class)
			require.Equal(t, from[name][row*width:(row+1)*width], v[i*width:(i+1)*width], "%s of %s", name, class)
		}
	}

	o.Recipe.Model.VideoClasses, o.Train = 11, data.Lists{}
	r = prepared(t, o)
	require.Equal(t, "loaded 52 tensors", r.notes[0])
	require.Contains(t, r.notes[3], "the video head begins anew: the file's classes are happiness, ")
}

// A head that no step trains is told of; pre-training has none.
func TestIdleHeadsAreTold(t *testing.T) {
	for m, want := range map[data.Modality]string{
		data.Image: "no step trains the video head: there are no videos to learn from",
		data.Video: "no step trains the image head: there are no images to learn from",
	} {
		require.Equal(t, []string{want}, prepared(t, alone(t, "s4d-tiny", m)).notes)
		require.Empty(t, prepared(t, alone(t, "s4d-tiny-pretrain", m)).notes)
	}
	require.Empty(t, prepared(t, options(t, toy(t, "s4d-tiny"))).notes)
}

// An unusable --init is an error that names it, before anything is written.
func TestInitIsRefused(t *testing.T) {
	pre := options(t, toy(t, "s4d-tiny-pretrain"))
	trained(t, pre)
	for want, change := range map[string]func(r *recipe.Recipe){
		"its attention has 2 heads, that of recipe s4d-tiny 4: set model.heads to 2": func(r *recipe.Recipe) { r.Model.Heads = 4 },
		`weights hold "encoder.patch_embed.proj.weight" as [16 3 2 8 8]`:             func(r *recipe.Recipe) { r.Model.Dim = 24 },
		"tensors that the model does not know, \"encoder.blocks.1.":                  func(r *recipe.Recipe) { r.Model.Depth, r.Model.Experts = 1, 0 },
	} {
		o := options(t, toy(t, "s4d-tiny"))
		o.Init = pre.Out
		change(&o.Recipe)
		_, err := Train(t.Context(), o)
		require.ErrorContains(t, err, "--init "+pre.Out+": ")
		require.ErrorContains(t, err, want)
		require.NoDirExists(t, o.Out)
		require.Empty(t, o.Watch.(*watched).notes, "nothing is said of what was loaded")
	}
	o := options(t, toy(t, "s4d-tiny"))
	o.Init = filepath.Join(t.TempDir(), "none")
	_, err := Train(t.Context(), o)
	require.EqualError(t, err, o.Init+": no such weights file or run folder")
}

// videosOf lists the golden video once for each class, numbered in the order of a dataset.
func videosOf(t *testing.T, header string, order []string, classes ...string) data.Lists {
	t.Helper()
	golden, err := filepath.Abs("../testdata/golden")
	require.NoError(t, err)
	text := header + "\n"
	for _, class := range classes {
		text += fmt.Sprintf("clip,%d\n", slices.Index(order, class))
	}
	l := data.Lists{DynamicList: filepath.Join(t.TempDir(), "list.csv"), DynamicRoot: golden}
	require.NoError(t, os.WriteFile(l.DynamicList, []byte(text), 0o644))
	return l
}

// Validation matches classes by name, as eval does.
func TestValidationGoesByNames(t *testing.T) {
	classes := []string{"anger", "anger", "fear", "sadness"}
	var logs [][]logEntry
	for header, order := range map[string][]string{"video_name,label": data.DFEW, "path,id": data.FERV39K, "video_name,labels": data.MAFW} {
		o := options(t, toy(t, "s4d-tiny"))
		o.Validation = videosOf(t, header, order, classes...)
		trained(t, o)
		e := log(t, o)
		logs = append(logs, e)
		require.Equal(t, 4, e[len(e)-1].Metrics.Dynamic.N)
		require.Nil(t, e[len(e)-1].Metrics.Static)
		if header == "path,id" {
			require.Equal(t, []string{"video labels go by the names of classes: list and model order them differently"}, o.Watch.(*watched).notes)
		}
	}
	require.Equal(t, logs[0], logs[1])
	require.Equal(t, logs[0], logs[2])

	o := options(t, toy(t, "s4d-tiny"))
	o.Validation = videosOf(t, "video_name,labels", data.MAFW, "anxiety", "fear")
	trained(t, o)
	require.Equal(t, []string{"1 of 2 video samples show classes that the model does not know: they are left out"}, o.Watch.(*watched).notes)
	told := o.Watch.(*watched).sources
	require.Equal(t, Source{"validation", data.Video, o.Validation.DynamicList, 1, 1}, told[len(told)-1])

	o = options(t, toy(t, "s4d-tiny"))
	o.Validation = videosOf(t, "video_name,labels", data.MAFW, "anxiety", "contempt")
	_, err := Train(t.Context(), o)
	require.ErrorContains(t, err, "none of the 2 videos is of a class that is asked for: their classes are anger, anxiety")
	require.ErrorContains(t, err, "; asked for are happiness, sadness")
	require.NoDirExists(t, o.Out)
}

// An impossible recipe is refused before anything is written.
func TestRecipesThatCannotBe(t *testing.T) {
	for want, change := range map[string]func(r *recipe.Recipe){
		"half of the blocks are meant, and there is one":                        func(r *recipe.Recipe) { r.Model.Depth = 1 },
		`system is "gan": choose s4d, vitmtl, vitmoe, vit, feadapter, s2d, mae`: func(r *recipe.Recipe) { r.System = "gan" },
		`kind is "pretrain": system s4d is for finetune`:                        func(r *recipe.Recipe) { r.Kind = recipe.Pretrain },
		"recipe s4d-tiny has no head for videos: leave them out, or set model.video_classes": func(r *recipe.Recipe) {
			r.System, r.Model, r.Train.RouterNoise = "vit", recipe.Model{Encoder: r.Model.Encoder, ImageClasses: 7}, false
		},
	} {
		o := options(t, toy(t, "s4d-tiny"))
		change(&o.Recipe)
		_, err := Train(t.Context(), o)
		require.ErrorContains(t, err, want)
		require.NoDirExists(t, o.Out)
	}
	for want, change := range map[string]func(r *recipe.Recipe){
		"train.image_mask: a mask ratio of 0.2: of 4 patches it must hide at least one": func(r *recipe.Recipe) { r.Train.ImageMask = 0.2 },
		"train.video_mask: a mask ratio of 0.1: of 8 patches it must hide at least one": func(r *recipe.Recipe) { r.Train.VideoMask = 0.1 },
		"train.video_mask: a mask ratio of 1: of 8 patches it must hide at least one":   func(r *recipe.Recipe) { r.Train.VideoMask = 1 },
		"train.image_mask: a mask ratio of NaN: of 4 patches":                           func(r *recipe.Recipe) { r.Train.ImageMask = math.NaN() },
		"decoder of width 8, depth 1 and 3 heads: each must be at le":                   func(r *recipe.Recipe) { r.Model.DecoderHeads = 3 },
	} {
		o := options(t, toy(t, "s4d-tiny-pretrain"))
		change(&o.Recipe)
		_, err := Train(t.Context(), o)
		require.ErrorContains(t, err, want)
		require.NoDirExists(t, o.Out)
	}
}
