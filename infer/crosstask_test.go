package infer

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/modelfile"
	"mien/system"
)

// answer is what a head says of one view.
func answer(t *testing.T, m *Model, head data.Modality, view data.View) []float64 {
	t.Helper()
	tape := ag.NewInferenceTape(m.backend, engine.Full)
	defer tape.Close()
	pixels := (&system.Batch{Views: []data.View{view}}).Pixels(tape)
	logits, err := engine.Read[float64](m.Net.Logits(pixels, head, engine.Key{}).Data())
	require.NoError(t, err)
	p := make([]float64, len(logits))
	addSoftmax(p, logits, 1)
	return p
}

// frame is one frame of a sample as a view.
func frame(t *testing.T, sample data.Sample, index int) data.View {
	t.Helper()
	f, err := sample.Read(t.Context(), []int{index})
	require.NoError(t, err)
	return data.Resize(f, 160, 160).View()
}

// twin returns the same model as a reference, whose head nobody has chosen: it answers with that of the model.
func twin(m *Model) *Model { return Of(m.Net, m.Description, m.backend) }

// The video head answers to an image as to one moment, under the names of its own classes.
func TestVideoHeadOnImages(t *testing.T) {
	m := openModel(t, ownModel(t, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}, nil))
	m.Head, m.Reference = data.Video, twin(m)
	listed := images(t, 5)
	set, notes := match(t, m, listed)
	require.Equal(t, []string{"the list numbers its classes: they are taken to be neutral, happiness, sadness, surprise, fear, disgust, anger, " +
		"for the video head goes by names"}, notes)
	r, err := m.Evaluate(t.Context(), data.Sets{Image: set})
	require.NoError(t, err)
	require.Equal(t, data.DFEW, r.Static.Labels)
	require.Equal(t, data.Video, r.Static.Head)
	require.Nil(t, r.Dynamic)
	require.Equal(t, &Agreement{Top1: 100, same: 5, n: 5}, r.Static.Agreement)
	for i, a := range r.Static.Answers {
		require.Equal(t, data.AffectNet7[listed.Items[i].Label], data.DFEW[a.Truth])
		sample, err := listed.Items[i].Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		view := frame(t, sample, 0)
		require.InDeltaSlice(t, answer(t, m, data.Video, view), a.Probabilities, 1e-6)
		require.NotEqual(t, answer(t, m, data.Image, view), a.Probabilities)
	}
}

// The image head answers to a video frame by frame, to each frame of its windows once.
func TestImageHeadOnVideos(t *testing.T) {
	m := openModel(t, ownModel(t, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}, nil))
	m.Head, m.Reference = data.Image, twin(m)
	listed := videos(t, "path,id", 3, 6) // of FERV39K: happiness, surprise
	set, notes := match(t, m, listed)
	require.Empty(t, notes, "the header names the classes")
	r, err := m.Evaluate(t.Context(), data.Sets{Video: set})
	require.NoError(t, err)
	require.Equal(t, data.AffectNet7, r.Dynamic.Labels)
	require.Equal(t, &Agreement{Top1: 100, same: 2, n: 2}, r.Dynamic.Agreement)
	for i, a := range r.Dynamic.Answers {
		require.Equal(t, []int{1, 3}[i], a.Truth)
		sample, err := listed.Items[i].Open(t.Context(), data.OpenOptions{})
		require.NoError(t, err)
		var frames []int
		for k := 0; k < sample.Len(); k += 4 {
			frames = append(frames, k)
		}
		require.Less(t, 16, len(frames), "the two windows overlap")
		require.Less(t, len(frames), 32)
		want := make([]float64, 7)
		for _, k := range frames {
			for class, p := range answer(t, m, data.Image, frame(t, sample, k)) {
				want[class] += p / float64(len(frames))
			}
		}
		require.InDeltaSlice(t, want, a.Probabilities, 1e-6)
	}
}

// A head for the samples' own modality answers as without the setting, and a head must be there and trained.
func TestHeadIsChosen(t *testing.T) {
	labels := map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}
	m := openModel(t, ownModel(t, labels, modelfile.Trained{data.Image: {Listed: 3}}))
	set := images(t, 4)
	want, err := m.Evaluate(t.Context(), data.Sets{Image: set})
	require.NoError(t, err)
	m.Head = data.Image
	matched, notes := match(t, m, set)
	require.Empty(t, notes)
	got, err := m.Evaluate(t.Context(), data.Sets{Image: matched})
	require.NoError(t, err)
	require.Equal(t, want.Static.Answers, got.Static.Answers)
	m.Head = data.Video
	_, _, err = m.Match(data.Sets{Image: set})
	require.EqualError(t, err, "the model has never learned from videos: fine-tune it on some, with --init, or leave them out")
}

// Without a head of their own, numbered classes are the usual ones of their modality, as many as the list needs.
func TestNumberedClassesWithoutAHead(t *testing.T) {
	m := &Model{Head: data.Video, Description: modelfile.Description{Labels: map[data.Modality][]string{data.Video: data.DFEW}}}
	for largest, want := range map[int][]string{2: data.AffectNet7, 6: data.AffectNet7, 7: data.AffectNet8} {
		set, note := m.crossed(&data.Dataset{Modality: data.Image, Items: []data.Item{{Label: largest}, {Label: 1}}})
		require.Equal(t, want, set.Classes)
		require.True(t, set.Named)
		require.Contains(t, note, "they are taken to be neutral, happiness, ")
	}
	own := []string{"b", "a"}
	m.Labels[data.Image] = own
	set, _ := m.crossed(&data.Dataset{Modality: data.Image})
	require.Equal(t, own, set.Classes)
	listed := &data.Dataset{Modality: data.Image, Classes: slices.Clone(data.AffectNet8)}
	set, note := m.crossed(listed)
	require.Equal(t, data.AffectNet8, set.Classes)
	require.Empty(t, note)
	require.False(t, listed.Named, "it stays as it was")
}
