package infer

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/modelfile"
	"mien/system"
)

// heads are those of a classifier of which no more than the numbers of classes is asked.
type heads struct {
	system.Classifier
	image, video int
}

func (h heads) Classes(m data.Modality) int { return data.ByModality(m, h.image, h.video) }

func withHeads(t *testing.T, image, video int) *Model {
	t.Helper()
	labels := map[data.Modality][]string{data.Image: data.Unnamed(image), data.Video: data.Unnamed(video)}
	return Of(heads{image: image, video: video}, modelfile.Description{Recipe: valid(t), Labels: labels}, cpu.New())
}

// labelled is a set of one sample with a label, which is never opened.
func labelled(m data.Modality, label int) data.Sets {
	open := func(context.Context, data.OpenOptions) (data.Sample, error) { return nil, errors.New("opened") }
	d := &data.Dataset{Modality: m, Items: []data.Item{{Name: "a", List: "l", Line: 3, Label: label, Open: open}}}
	return data.ByModality(m, data.Sets{Image: d}, data.Sets{Video: d})
}

// A label is one of the head that answers, which has other classes than that of the samples.
func TestLabelsAreOfTheHeadThatAnswers(t *testing.T) {
	for _, c := range []struct {
		samples, head data.Modality
		classes       int
	}{{data.Image, "", 3}, {data.Video, "", 5}, {data.Image, data.Video, 5}, {data.Video, data.Image, 3}, {data.Image, data.Image, 3}} {
		m := withHeads(t, 3, 5)
		m.Head = c.head
		_, err := m.Evaluate(t.Context(), labelled(c.samples, c.classes-1))
		require.EqualError(t, err, "opened", "%+v", c)
		_, err = m.Evaluate(t.Context(), labelled(c.samples, c.classes))
		require.ErrorContains(t, err, "head has classes 0 to "+string(rune('0'+c.classes-1)), "%+v", c)
	}
}

// What a model has no head for, or one that never learned, is refused in words about the input, image or video.
func TestInputsWithoutAHead(t *testing.T) {
	for _, c := range []struct {
		model *Model
		input data.Modality
		want  string
	}{
		{withHeads(t, 0, 5), data.Image, "a: it is an image, and the model has no head for images"},
		{withHeads(t, 3, 0), data.Video, "a: it is a video, and the model has no head for videos"},
	} {
		_, err := c.model.Predict(t.Context(), "a", nil, c.input)
		require.EqualError(t, err, c.want)
		_, _, err = c.model.Match(labelled(c.input, 0))
		require.ErrorContains(t, err, "the model has no head for "+string(c.input)+"s")
		require.True(t, len(err.Error()) < len(c.want))
	}
	m := withHeads(t, 3, 5)
	m.Trained = modelfile.Trained{data.Video: {Listed: 2}}
	_, err := m.Predict(t.Context(), "a", nil, data.Image)
	require.EqualError(t, err, "a: it is an image, and the model has never learned from images: fine-tune it on some, with --init, or leave them out")
}

// Samples of a modality that a model has no head for, or none that learned, can be given to its other head, and are counted by it.
func TestTheOnlyHead(t *testing.T) {
	for _, image := range []int{0, 3} {
		m := withHeads(t, image, 5)
		m.Head, m.Own, m.Trained = data.Video, true, modelfile.Trained{data.Video: {Listed: 2}}
		m.Labels = map[data.Modality][]string{data.Video: {"fear", "anger", "neutral", "disgust", "sadness"}}
		s, notes, err := m.Match(labelled(data.Image, 4)) // fear, among images
		require.NoError(t, err)
		require.Equal(t, 0, s.Image.Items[0].Label)
		require.Len(t, notes, 1)
		_, err = m.Evaluate(t.Context(), s)
		require.EqualError(t, err, "opened")
		m.Head = ""
		_, _, err = m.Match(labelled(data.Image, 4))
		require.Error(t, err)
	}
}

// A sample that is left out is of its own modality, whichever head answers.
func TestSkippedUnderAnotherHead(t *testing.T) {
	m := withHeads(t, 3, 5)
	m.Head, m.Skips = data.Video, &data.Skips{Limit: 1}
	_, err := m.Evaluate(t.Context(), labelled(data.Image, 1))
	require.EqualError(t, err, "none of the 1 images can be read")
	require.Equal(t, []data.Skipped{{Modality: data.Image, Path: "a", Error: "opened"}}, m.Skips.Samples)
}

// Samples that are classified together may have different numbers of views, as videos of different lengths do frame by frame.
func TestUnequalViews(t *testing.T) {
	m := openModel(t, published)
	set := images(t, 6)
	var views []data.View
	for i := range set.Items {
		one, err := m.open(t.Context(), set, i)
		require.NoError(t, err)
		views = append(views, one...)
	}
	samples := [][]data.View{views[:1], views[1:4], views[4:6]}
	together, err := m.classify(data.Image, samples, engine.Key{})
	require.NoError(t, err)
	for i, sample := range samples {
		alone, err := m.classify(data.Image, [][]data.View{sample}, engine.Key{})
		require.NoError(t, err)
		require.InDeltaSlice(t, alone[0], together[i], 1e-6)
		sum := 0.0
		for _, p := range together[i] {
			sum += p
		}
		require.InDelta(t, 1, sum, 1e-6)
	}
}
