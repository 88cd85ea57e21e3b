package modelfile

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/nn"
	"mien/recipe"
	"mien/systems"
	"mien/weights"
)

var both = map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}

// writeTrained writes a model with a record of training.
func writeTrained(t *testing.T, r recipe.Recipe, record Trained) *weights.File {
	t.Helper()
	metadata, err := Metadata(r, both, record)
	require.NoError(t, err)
	return writeWith(t, r, metadata)
}

// A file records what each head has learned from; one of an earlier version does not, and its heads are taken as trained.
func TestDescribeTrained(t *testing.T) {
	r := load(t, "s4d-tiny")
	record := Trained{data.Image: {Listed: 3, Drawn: 4}, data.Video: {}}
	f := writeTrained(t, r, record)
	require.Equal(t, `{"image":{"listed":3,"drawn":4},"video":{"listed":0,"drawn":0}}`, f.Metadata()["trained"])
	d, err := Describe(f)
	require.NoError(t, err)
	require.Equal(t, record, d.Trained)
	require.True(t, d.Trained.Has(data.Image))
	require.False(t, d.Trained.Has(data.Video))

	for _, f := range []*weights.File{writeModel(t, r, both), openGolden(t, "released_form.pth")} {
		d, err = Describe(f)
		require.NoError(t, err)
		require.NotContains(t, f.Metadata(), "trained")
		require.Nil(t, d.Trained)
		require.True(t, d.Trained.Has(data.Image) && d.Trained.Has(data.Video))
	}
	metadata, err := Metadata(r, both, record)
	require.NoError(t, err)
	for _, text := range []string{"[", "3", `{"video":[1]}`, `{"video":{"drawn":"many"}}`} {
		metadata["trained"] = text
		_, err := Describe(writeWith(t, r, metadata))
		require.ErrorContains(t, err, "record of training inside the file: ", text)
		require.NotContains(t, err.Error(), "\n")
	}
}

// A run takes over the record of the heads that it loads, and of no others.
func TestStartTakesOverTheRecord(t *testing.T) {
	r := load(t, "s4d-tiny")
	image, video := Origins{Listed: 3, Drawn: 4}, Origins{Drawn: 5}
	unknown := Origins{Unknown: true}
	record := Trained{data.Image: image, data.Video: video}
	ferv39k := map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.FERV39K}
	begun := map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: append(data.Unnamed(6), "fear")}
	pre := load(t, "s4d-tiny-pretrain")
	for name, c := range map[string]struct {
		file   *weights.File
		labels map[data.Modality][]string
		want   Trained
	}{
		"the same classes": {writeTrained(t, r, record), both, record},
		"another order":    {writeTrained(t, r, record), ferv39k, record},
		"other classes":    {writeTrained(t, r, record), begun, Trained{data.Image: image}},
		"an idle head":     {writeTrained(t, r, Trained{data.Video: video}), both, Trained{data.Image: {}, data.Video: video}},
		"no record":        {writeModel(t, r, both), both, Trained{data.Image: unknown, data.Video: unknown}},
		"no heads":         {writeTrained(t, pre, record), both, Trained{}},
	} {
		s, err := systems.Of(r)
		require.NoError(t, err)
		_, loaded, _, err := Start(c.file, s, r, c.labels, nn.Random{})
		require.NoError(t, err, name)
		require.Equal(t, c.want, loaded, name)
	}
	for _, o := range []Origins{{Listed: 1}, {Drawn: 1}, unknown} {
		require.True(t, Trained{data.Video: o}.Has(data.Video))
		require.False(t, Trained{data.Video: o}.Has(data.Image))
	}
	own, before := Trained{data.Video: {Listed: 2, Drawn: 1}}, Trained{data.Image: unknown, data.Video: video}
	require.Equal(t, Trained{data.Image: unknown, data.Video: {Listed: 2, Drawn: 6}}, before.Plus(own))
	require.Equal(t, Trained{data.Video: {Listed: 5, Drawn: 8}}, own.Plus(Trained{data.Video: {Listed: 3, Drawn: 7}}))
	require.Equal(t, Trained{data.Video: {2, 1, true}}, own.Plus(Trained{data.Video: unknown}))
	require.Equal(t, Trained{data.Video: {2, 1, true}}, Trained{data.Video: unknown}.Plus(own))
}

// A head of a file that tells nothing of itself is loaded for whichever modality the run has, and what it has learned is unknown.
func TestStartFromAForeignHead(t *testing.T) {
	for _, m := range []data.Modality{data.Image, data.Video} {
		r := load(t, "s4d-tiny")
		r.System, r.Model = "vit", recipe.Model{Encoder: r.Model.Encoder}
		*data.ByModality(m, &r.Model.ImageClasses, &r.Model.VideoClasses) = 5
		s, err := systems.Of(r)
		require.NoError(t, err)
		f := writeWith(t, r, nil)
		labels := map[data.Modality][]string{m: {"a", "b", "c", "d", "e"}}
		load, loaded, notes, err := Start(f, s, r, labels, nn.Random{})
		require.NoError(t, err)
		require.Empty(t, notes)
		require.Equal(t, Trained{m: {Unknown: true}}, loaded)
		require.Equal(t, read(t, f, "head.weight"), valuesOf(t, r, load)["head.weight"])

		labels[m] = labels[m][:4]
		*data.ByModality(m, &r.Model.ImageClasses, &r.Model.VideoClasses) = 4
		_, loaded, notes, err = Start(f, s, r, labels, nn.Random{})
		require.NoError(t, err)
		require.Equal(t, []string{"the " + string(m) + " head begins anew: that of the file has 5 classes, not 4"}, notes)
		require.Empty(t, loaded)
	}
}

// A model that knows only drawn faces, in one modality or both, says so.
func TestCaveat(t *testing.T) {
	drawn, mixed := Origins{Drawn: 7}, Origins{Listed: 1, Drawn: 7}
	for want, record := range map[string]Trained{
		"images and videos": {data.Image: drawn, data.Video: drawn},
		"images":            {data.Image: drawn},
		"videos":            {data.Image: mixed, data.Video: drawn},
	} {
		for range 100 { // a small map is in another order one time in eight
			require.Equal(t, "this model has learned from "+want+" of drawn faces only: it cannot judge real faces", record.Caveat())
		}
	}
	for _, record := range []Trained{nil, {}, {data.Image: mixed, data.Video: {}}, {data.Video: mixed}, {data.Image: {Drawn: 3, Unknown: true}}} {
		require.Empty(t, record.Caveat())
	}
}
