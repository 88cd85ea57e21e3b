package modelfile

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/systems"
	"mien/weights"
)

// start starts a run of r from a file, and returns the values of all parameters, the load report and the notes.
func start(t *testing.T, f *weights.File, r recipe.Recipe, labels map[data.Modality][]string) (map[string][]float32, nn.LoadReport, []string) {
	t.Helper()
	s, err := systems.Of(r)
	require.NoError(t, err)
	load, _, notes, err := Start(f, s, r, labels, nn.Random{Seed: 7})
	require.NoError(t, err)
	values := valuesOf(t, r, load)
	report, err := load.Finish()
	require.NoError(t, err)
	return values, report, notes
}

func valuesOf(t *testing.T, r recipe.Recipe, source nn.Source) map[string][]float32 {
	t.Helper()
	params, scope := build(t, r, source)
	defer scope.Free()
	values := map[string][]float32{}
	for _, p := range params {
		v, err := engine.Read[float32](p.Data())
		require.NoError(t, err)
		values[p.Name] = v
	}
	return values
}

func read(t *testing.T, f *weights.File, name string) []float32 {
	t.Helper()
	shape, ok := f.Shape(name)
	require.True(t, ok, name)
	v := make([]float32, engine.Elements(shape))
	require.NoError(t, f.Read(name, v))
	return v
}

// If the run numbers the classes of a head differently, its rows are moved: each class keeps its weights and bias.
func TestStartMovesTheRowsOfHeads(t *testing.T) {
	r := load(t, "s4d-tiny")
	f := writeModel(t, r, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW})
	to := map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.FERV39K}
	values, report, notes := start(t, f, r, to)
	require.Equal(t, []string{"the video head follows its classes into another order: anger, disgust, fear, happiness, neutral, sadness, surprise"}, notes)
	require.Empty(t, report.Missing)
	require.Empty(t, report.Unused)
	before, bias := read(t, f, "head.video.weight"), read(t, f, "head.video.bias")
	width := r.Model.Dim
	for i, class := range data.FERV39K {
		row := slices.Index(data.DFEW, class)
		require.NotEqual(t, -1, row)
		require.Equal(t, before[row*width:(row+1)*width], values["head.video.weight"][i*width:(i+1)*width], class)
		require.Equal(t, bias[row], values["head.video.bias"][i], class)
	}
	require.NotEqual(t, before, values["head.video.weight"])
	for name := range values {
		if name != "head.video.weight" && name != "head.video.bias" {
			require.Equal(t, read(t, f, name), values[name], "%s is as in the file", name)
		}
	}

	// In the same order nothing moves.
	values, _, notes = start(t, f, r, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW})
	require.Empty(t, notes)
	require.Equal(t, before, values["head.video.weight"])
}

// The one head of an image model starts that of a model for videos, with its classes in their order; its record
// stays one of images.
func TestStartFromTheOtherModality(t *testing.T) {
	videos := load(t, "feadapter-tiny")
	images := videos
	images.Model.Adapter, images.Model.ImageClasses, images.Model.VideoClasses, images.Train.Freeze = nil, 7, 0, nil
	static, dynamic := map[data.Modality][]string{data.Image: data.AffectNet7}, map[data.Modality][]string{data.Video: data.DFEW}
	width := images.Model.Dim
	for _, c := range []struct {
		from, to     recipe.Recipe
		have, want   map[data.Modality][]string
		was, becomes data.Modality
		note         string
	}{
		{images, videos, static, dynamic, data.Image, data.Video,
			"the video head follows its classes into another order: happiness, sadness, neutral, anger, surprise, disgust, fear"},
		{videos, videos, dynamic, dynamic, data.Video, data.Video, ""},
	} {
		f := writeModel(t, c.from, c.have)
		values, _, notes := start(t, f, c.to, c.want)
		require.Equal(t, c.note, strings.Join(notes, ""))
		before := read(t, f, "head.weight")
		for i, class := range c.want[c.becomes] {
			row := slices.Index(c.have[c.was], class)
			require.Equal(t, before[row*width:(row+1)*width], values["head.weight"][i*width:(i+1)*width], class)
		}
	}
	s, err := systems.Of(videos)
	require.NoError(t, err)
	record := Origins{Listed: 6, Drawn: 2}
	for _, c := range []struct{ written, want Trained }{
		{Trained{data.Image: record}, Trained{data.Image: record}},
		{nil, Trained{data.Image: {Unknown: true}}}, // of an earlier version
	} {
		metadata, err := Metadata(images, static, c.written)
		require.NoError(t, err)
		_, loaded, notes, err := Start(writeWith(t, images, metadata), s, videos, dynamic, nn.Random{})
		require.NoError(t, err)
		require.Equal(t, c.want, loaded, "of images, that is")
		require.Len(t, notes, 1, "its classes are followed")
	}
}

// A file may have the head of one modality alone: that of the other begins as drawn, and this one is looked at as ever.
func TestStartFromOneOfTwoHeads(t *testing.T) {
	r := load(t, "s4d-tiny")
	path := writeModel(t, r, nil).Path
	labels := map[data.Modality][]string{data.Image: data.Unnamed(5), data.Video: data.Unnamed(6)}
	r.Model.ImageClasses, r.Model.VideoClasses = 5, 6
	for lacks, there := range map[data.Modality]data.Modality{data.Image: data.Video, data.Video: data.Image} {
		prefix := "head." + string(lacks)
		one := open(t, changed(t, changed(t, path, prefix+".weight", nil), prefix+".bias", nil))
		for range 8 { // a map would be in another order some time
			_, report, notes := start(t, one, r, labels)
			require.Equal(t, []string{map[data.Modality]string{data.Image: "the image head begins anew: that of the file has 7 classes, not 5",
				data.Video: "the video head begins anew: that of the file has 7 classes, not 6"}[there]}, notes)
			require.ElementsMatch(t, []string{"head.image.weight", "head.image.bias", "head.video.weight", "head.video.bias"}, report.Missing)
		}
	}
}

// What is said of two heads stands in order.
func TestStartNotesBothHeads(t *testing.T) {
	r := load(t, "s4d-tiny")
	f := writeModel(t, r, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW})
	turned := slices.Clone(data.AffectNet7)
	slices.Reverse(turned)
	labels := map[data.Modality][]string{data.Image: turned, data.Video: data.Unnamed(7)}
	_, report, _ := start(t, f, r, labels)
	require.ElementsMatch(t, []string{"head.video.weight", "head.video.bias"}, report.Missing)
	s, err := systems.Of(r)
	require.NoError(t, err)
	for range 100 { // a small map is in another order one time in eight
		_, _, notes, err := Start(f, s, r, labels, nn.Random{})
		require.NoError(t, err)
		require.Equal(t, []string{
			"the image head follows its classes into another order: " + strings.Join(turned, ", "),
			"the video head begins anew: the file's classes are " + strings.Join(data.DFEW, ", ") + ", the run's " + strings.Join(data.Unnamed(7), ", "),
		}, notes)
	}
}

// A file of mien that is damaged, of another version or a checkpoint is refused, not taken for one without class names.
func TestStartRefusesDamagedMetadata(t *testing.T) {
	r := load(t, "s4d-tiny")
	s, err := systems.Of(r)
	require.NoError(t, err)
	for _, c := range []struct{ key, value, want string }{
		{"labels", "[", "class names inside the file: unexpected end of JSON input"},
		{"trained", "[", "record of training inside the file: unexpected end of JSON input"},
		{"recipe", "sead = 1", "recipe inside the file: unknown key sead: did you mean seed?"},
		{"format", "mien-model-0", "its format is mien-model-0, and this version of mien reads mien-model-1: use the version that wrote it"},
		{"format", "mien-checkpoint-1", "a checkpoint, from which --resume continues: name the run folder, or a model in it"},
	} {
		metadata, err := Metadata(r, both, nil)
		require.NoError(t, err)
		metadata[c.key] = c.value
		_, _, _, err = Start(writeWith(t, r, metadata), s, r, both, nn.Random{})
		require.EqualError(t, err, c.want)
	}
}

// A head starts from scratch if one of the run's classes has no counterpart, or if there are more or fewer classes.
func TestStartBeginsHeadsAnew(t *testing.T) {
	r := load(t, "s4d-tiny")
	f := writeModel(t, r, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW})
	eleven := r
	eleven.Model.VideoClasses = 11
	five := r
	five.Model.VideoClasses = 5
	other := slices.Clone(data.DFEW)
	other[3] = "contempt"
	for name, c := range map[string]struct {
		recipe recipe.Recipe
		labels []string
		note   string
	}{
		"more classes": {eleven, data.MAFW, "the video head begins anew: the file's classes are happiness, sadness, neutral, anger, surprise, disgust, fear," +
			" the run's anger, anxiety, contempt, disappointment, disgust, fear, happiness, helplessness, neutral, sadness, surprise"},
		"fewer classes": {five, data.DFEW[2:], "the video head begins anew: the file's classes are happiness, sadness, neutral, anger, surprise, disgust, fear," +
			" the run's neutral, anger, surprise, disgust, fear"},
		"another class": {r, other, "the video head begins anew: the file's classes are happiness, sadness, neutral, anger, surprise, disgust, fear," +
			" the run's happiness, sadness, neutral, contempt, surprise, disgust, fear"},
	} {
		t.Run(name, func(t *testing.T) {
			values, report, notes := start(t, f, c.recipe, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: c.labels})
			require.Equal(t, []string{c.note}, notes)
			require.ElementsMatch(t, []string{"head.video.weight", "head.video.bias"}, report.Missing)
			require.ElementsMatch(t, []string{"head.video.weight", "head.video.bias"}, report.Unused)
			anew := valuesOf(t, c.recipe, nn.Random{Seed: 7})
			require.Equal(t, anew["head.video.weight"], values["head.video.weight"])
			require.Equal(t, read(t, f, "head.image.weight"), values["head.image.weight"])
		})
	}
}

// A published checkpoint does not name its classes: its heads are loaded unchanged if the number of classes matches.
func TestStartFromPublished(t *testing.T) {
	r := load(t, "s4d-tiny")
	d, err := Describe(openGolden(t, "released_form.pth"))
	require.NoError(t, err)
	r.Model = d.Recipe.Model
	f := openGolden(t, "released_form.pth")
	values, _, notes := start(t, f, r, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.FERV39K})
	require.Empty(t, notes)
	require.Equal(t, read(t, f, "head.video.weight"), values["head.video.weight"])

	r.Model.ImageClasses = 8
	values, report, notes := start(t, f, r, map[data.Modality][]string{data.Image: data.AffectNet8, data.Video: data.DFEW})
	require.Equal(t, []string{"the image head begins anew: that of the file has 7 classes, not 8"}, notes)
	require.ElementsMatch(t, []string{"head.image.weight", "head.image.bias"}, report.Missing)
	require.Equal(t, read(t, f, "head.video.weight"), values["head.video.weight"])
}

// A plain vit can start an S4D model, whose heads it lacks, and vice versa; missing heads are not a different order of classes.
func TestStartFromAnotherSystem(t *testing.T) {
	plain := load(t, "s4d-tiny")
	plain.System, plain.Model.Experts, plain.Model.VideoClasses = "vit", 0, 0
	joint := load(t, "s4d-tiny")
	joint.Model.Experts = 0
	turned := slices.Clone(data.AffectNet7)
	slices.Reverse(turned)
	labels := map[data.Modality][]string{data.Image: turned, data.Video: data.DFEW}

	f := writeModel(t, plain, map[data.Modality][]string{data.Image: data.AffectNet7})
	values, report, notes := start(t, f, joint, labels)
	require.Empty(t, notes)
	require.Len(t, report.Missing, 4)
	require.ElementsMatch(t, []string{"head.weight", "head.bias"}, report.Unused)
	require.Equal(t, read(t, f, "blocks.1.mlp.fc1.weight"), values["blocks.1.mlp.fc1.weight"])

	f = writeModel(t, joint, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW})
	values, report, notes = start(t, f, plain, map[data.Modality][]string{data.Image: turned})
	require.Empty(t, notes)
	require.ElementsMatch(t, []string{"head.weight", "head.bias"}, report.Missing)
	require.Len(t, report.Unused, 4)
	require.Equal(t, read(t, f, "blocks.1.mlp.fc1.weight"), values["blocks.1.mlp.fc1.weight"])
}

// Experts in place of an MLP start as the MLP of a file that has one, of a pre-trained encoder as of a plain transformer, unless they are
// narrower; experts of the file are loaded as they are.
func TestStartExpertsFromAnMLP(t *testing.T) {
	r := load(t, "vitmoe-tiny")
	plain := load(t, "vitmtl-tiny")
	for prefix, from := range map[string]recipe.Recipe{"": plain, "encoder.": load(t, "s4d-tiny-pretrain")} {
		f := writeModel(t, from, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW})
		values, report, _ := start(t, f, r, nil)
		for _, part := range []string{"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"} {
			for _, expert := range []string{"0", "3"} {
				want := read(t, f, prefix+"blocks.1.mlp."+part)
				require.Equal(t, want, values["blocks.1.moe_layer.experts."+expert+"."+part], "%s%s", prefix, part)
			}
			require.Equal(t, read(t, f, prefix+"blocks.0.mlp."+part), values["blocks.0.mlp."+part])
		}
		require.Contains(t, report.Missing, "blocks.1.moe_layer.router.topkroute_linear.weight")
		require.NotContains(t, report.Missing, "blocks.1.moe_layer.experts.0.fc1.weight")

		same := r // the width that experts have anyway
		same.Model.ExpertHidden = r.Model.MLPRatio * r.Model.Dim
		explicit, _, _ := start(t, f, same, nil)
		require.Equal(t, values, explicit)

		narrow := r
		narrow.Model.ExpertHidden = 48
		_, report, _ = start(t, f, narrow, nil)
		require.Contains(t, report.Missing, "blocks.1.moe_layer.experts.0.fc1.weight")
		require.Contains(t, report.Unused, prefix+"blocks.1.mlp.fc1.weight")
	}
	own := writeModel(t, r, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW})
	values, report, _ := start(t, own, r, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW})
	require.Empty(t, report.Missing)
	require.Empty(t, report.Unused)
	one, other := values["blocks.1.moe_layer.experts.0.fc1.weight"], values["blocks.1.moe_layer.experts.1.fc1.weight"]
	require.Equal(t, read(t, own, "blocks.1.moe_layer.experts.1.fc1.weight"), other)
	require.NotEqual(t, one, other)
}

// No tensor determines the number of attention heads: a file that says another number, or a published one, is refused.
func TestStartRefusesOtherHeads(t *testing.T) {
	for _, name := range []string{"s4d-tiny", "s4d-tiny-pretrain"} {
		from := load(t, name)
		f := writeModel(t, from, nil)
		for _, to := range []string{"s4d-tiny", "s4d-tiny-pretrain"} {
			if name == "s4d-tiny" && to != name {
				continue // no encoder without its decoder
			}
			r := load(t, to)
			r.Model.Heads = 2
			s, err := systems.Of(r)
			require.NoError(t, err)
			_, _, _, err = Start(f, s, r, nil, nn.Random{})
			require.EqualError(t, err, "its attention has 1 heads, that of recipe "+to+" 2: set model.heads to 1")
		}
	}
	r := load(t, "s4d-tiny")
	r.Model.Heads = 4
	s, err := systems.Of(r)
	require.NoError(t, err)
	_, _, _, err = Start(openGolden(t, "released_pretrain.pt"), s, r, nil, nn.Random{})
	require.EqualError(t, err, "its attention has 1 heads, that of recipe s4d-tiny 4: set model.heads to 1")
}
