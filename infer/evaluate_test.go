package infer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/recipe"
	"mien/system"
)

func valid(t *testing.T) recipe.Recipe {
	t.Helper()
	r, err := recipe.Load("s4d-tiny")
	require.NoError(t, err)
	return r
}

// match puts one set into the order of a model's head.
func match(t *testing.T, m *Model, d *data.Dataset) (*data.Dataset, []string) {
	t.Helper()
	s := data.Sets{Image: d}
	if d.Modality == data.Video {
		s = data.Sets{Video: d}
	}
	s, notes, err := m.Match(s)
	require.NoError(t, err)
	return s.Of(d.Modality), notes
}

// An evaluation counts the same predictions as the model makes one by one: true classes by row, predicted ones by column.
func TestEvaluateCountsPredictions(t *testing.T) {
	m := openModel(t, published)
	s := data.Sets{Image: images(t, 2*evalBatch+3), Video: videos(t, "video_name,label", 4, 0, 6)}
	var counted []int
	m.Counted = func(samples int) { counted = append(counted, samples) }
	var answers []Answer
	m.Answered = func(a []Answer) error {
		answers = append(answers, a...)
		return nil
	}
	r, err := m.Evaluate(t.Context(), s)
	require.NoError(t, err)
	for _, c := range []struct {
		set   *data.Dataset
		score *Score
	}{{s.Image, r.Static}, {s.Video, r.Dynamic}} {
		want := NewConfusion(7)
		require.Empty(t, c.score.Head, "none was chosen")
		for i, item := range c.set.Items {
			p := predict(t, m, c.set, i)
			want[item.Label][p.Class]++
			a := c.score.Answers[i]
			require.Equal(t, []any{item.Name, item.Label, p.Class}, []any{a.ID, a.Truth, a.Class})
			require.InDeltaSlice(t, p.Probabilities, a.Probabilities, 1e-6)
		}
		require.Equal(t, want, c.score.Confusion)
		require.Equal(t, len(c.set.Items), c.score.N)
		require.Equal(t, want.UAR(), c.score.UAR)
		require.Equal(t, want.WAR(), c.score.WAR)
		require.Nil(t, c.score.Agreement)
	}
	require.Equal(t, []int{evalBatch, evalBatch, 3, 3}, counted)
	require.Equal(t, slices.Concat(r.Static.Answers, r.Dynamic.Answers), answers, "as they come")
	m.Answered = func([]Answer) error { return errors.New("disk full") }
	_, err = m.Evaluate(t.Context(), s)
	require.EqualError(t, err, "disk full")
	require.Equal(t, (r.Static.UAR+r.Dynamic.UAR)/2, r.Quality("", ""))
	require.Equal(t, []NamedScore{{"static", data.Image, r.Static}, {"dynamic", data.Video, r.Dynamic}}, r.Scores())
}

// The prediction for a video is the mean of the probabilities on its two test windows.
func TestPredictionIsTheMeanOfWindows(t *testing.T) {
	m := openModel(t, published)
	d := videos(t, "video_name,label", 1)
	sample, err := d.Items[0].Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, 80, sample.Len())
	want := make([]float64, 7)
	windows := data.Windows(80, 16, 4, 2)
	require.NotEqual(t, windows[0], windows[1])
	for _, w := range windows {
		frames, err := sample.Read(t.Context(), w.Indices(16))
		require.NoError(t, err)
		b := &system.Batch{Modality: data.Video, Views: []data.View{data.Resize(frames, 160, 160).View()}}
		tape := ag.NewInferenceTape(m.backend, engine.Full)
		logits, err := engine.Read[float64](m.Net.Logits(b.Pixels(tape), data.Video, engine.Key{}).Data())
		require.NoError(t, err)
		addSoftmax(want, logits, 0.5)
		tape.Close()
	}
	p := predict(t, m, d, 0)
	require.Len(t, p.Probabilities, len(want))
	require.InDeltaSlice(t, want, p.Probabilities, 1e-7)
	require.Equal(t, 2, p.Views)
	require.Equal(t, 80, p.Frames)
	require.Equal(t, windows, p.Windows)
	require.Equal(t, data.Video, p.Modality)
	require.Equal(t, data.DFEW[p.Class], p.Label)
	sum := 0.0
	for _, v := range p.Probabilities {
		require.LessOrEqual(t, v, p.Probabilities[p.Class])
		sum += v
	}
	require.InDelta(t, 1, sum, 1e-12)
}

// A list that numbers the classes differently gives the scores of one that does not.
func TestMatchGoesByNames(t *testing.T) {
	m := openModel(t, ownModel(t, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}, nil))
	classes := []string{"surprise", "happiness", "fear", "anger"}
	var scores []*Report
	for header, order := range map[string][]string{"video_name,label": data.DFEW, "path,id": data.FERV39K, "video_name,labels": data.MAFW} {
		var labels []int
		for _, class := range classes {
			labels = append(labels, slices.Index(order, class))
		}
		set, notes := match(t, m, videos(t, header, labels...))
		if header == "video_name,label" {
			require.Empty(t, notes)
		} else {
			require.Equal(t, []string{"video labels go by the names of classes: list and model order them differently"}, notes)
		}
		for i, class := range classes {
			require.Equal(t, class, data.DFEW[set.Items[i].Label])
		}
		r, err := m.Evaluate(t.Context(), data.Sets{Video: set})
		require.NoError(t, err)
		require.Nil(t, r.Static)
		scores = append(scores, r)
	}
	require.Equal(t, scores[0], scores[1])
	require.Equal(t, scores[0], scores[2])
}

// Samples of classes that the model lacks are dropped, and a set without any others is an error that names both.
func TestMatchLeavesOut(t *testing.T) {
	m := openModel(t, ownModel(t, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}, nil))
	anxiety, contempt, sadness := slices.Index(data.MAFW, "anxiety"), slices.Index(data.MAFW, "contempt"), slices.Index(data.MAFW, "sadness")
	set, notes := match(t, m, videos(t, "video_name,labels", anxiety, sadness, contempt))
	require.Equal(t, []string{"2 of 3 video samples show classes that the model does not know: they are left out"}, notes)
	require.Equal(t, 1, len(set.Items))
	require.Equal(t, "v1", set.Items[0].Name)
	r, err := m.Evaluate(t.Context(), data.Sets{Video: set})
	require.NoError(t, err)
	require.Equal(t, 1, r.Dynamic.N)

	_, _, err = m.Match(data.Sets{Video: videos(t, "video_name,labels", anxiety, contempt)})
	require.EqualError(t, err, "none of the 2 videos is of a class that is asked for: their classes are anger, anxiety, contempt, disappointment, "+
		"disgust, fear, happiness, helplessness, neutral, sadness, surprise; asked for are happiness, sadness, neutral, anger, surprise, disgust, fear")
}

// A published checkpoint does not name its classes, and the guesses of DefaultLabels never reorder a list.
func TestMatchOfPublishedGoesByNumber(t *testing.T) {
	m := openModel(t, published)
	require.Equal(t, data.DFEW, m.Labels[data.Video])
	byNumber := []string{"the video head does not name its classes: labels of the list are taken by number"}
	for header, want := range map[string][]string{"video_name,label": nil, "path,id": byNumber, "video_name,labels": byNumber} {
		set, notes := match(t, m, videos(t, header, 3, 5))
		require.Equal(t, want, notes, header)
		require.Equal(t, []int{3, 5}, []int{set.Items[0].Label, set.Items[1].Label})
	}
	unknown := videos(t, "video_name,labels", 8)
	want := unknown.Items[0].List + ": line 2: v0 has label 8, but the model's video head has classes 0 to 6"
	_, _, err := m.Match(data.Sets{Video: unknown})
	require.EqualError(t, err, want)
	_, err = m.Evaluate(t.Context(), data.Sets{Video: unknown})
	require.EqualError(t, err, want, "not matched at all")
}

// A list with names for labels goes by them, with a published checkpoint by the names that are guessed.
func TestMatchOfNamedLists(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list.csv")
	require.NoError(t, os.WriteFile(list, []byte("path,label\nface.png,fear\nface.png,tired\nface.png,Happiness\n"), 0o644))
	s, err := data.OpenLists(data.Lists{StaticList: list, StaticRoot: goldenDir})
	require.NoError(t, err)
	own := openModel(t, ownModel(t, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}, nil))
	set, notes := match(t, own, s.Image)
	require.Equal(t, []string{"1 of 3 image samples show classes that the model does not know: they are left out"}, notes)
	require.Equal(t, []int{4, 1}, []int{set.Items[0].Label, set.Items[1].Label})
	guessed, notes := match(t, openModel(t, published), s.Image)
	require.Equal(t, []string{"1 of 3 image samples show classes that the model does not know: they are left out"}, notes)
	require.Len(t, guessed.Items, 2)
	s.Image.Items = slices.Delete(s.Image.Items, 1, 2)
	_, notes = match(t, own, s.Image)
	require.Empty(t, notes)
	set, notes = match(t, openModel(t, published), s.Image)
	require.Equal(t, []string{"the image head does not name its classes: they are taken to be " + strings.Join(data.AffectNet7, ", ")}, notes)
	require.Equal(t, []int{4, 1}, []int{set.Items[0].Label, set.Items[1].Label})
	numbered := openModel(t, ownModel(t, map[data.Modality][]string{data.Image: data.Unnamed(7), data.Video: data.DFEW}, nil))
	_, _, err = numbered.Match(s)
	require.ErrorContains(t, err, "none of the 2 images is of a class that is asked for: their classes are fear, happiness, tired")
}

// The same holds for a model of mien whose classes are unnamed.
func TestMatchOfNumberedClasses(t *testing.T) {
	m := openModel(t, ownModel(t, map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.Unnamed(7)}, nil))
	set, notes := match(t, m, videos(t, "video_name,labels", 3, 6))
	require.Empty(t, notes)
	require.Equal(t, []int{3, 6}, []int{set.Items[0].Label, set.Items[1].Label})
	set, notes = match(t, m, images(t, 4)) // which has no class names either
	require.Empty(t, notes)
	require.Equal(t, 6, set.Items[2].Label)
}

// An unreadable sample is an error that names it once, and an interrupted evaluation returns the context's error.
func TestEvaluateErrors(t *testing.T) {
	m := openModel(t, published)
	broken := images(t, 3)
	broken.Items[1].Open = func(_ context.Context, opt data.OpenOptions) (data.Sample, error) {
		return data.NewSample("", 1, opt, func(context.Context, int) (*data.Frames, error) { return nil, errors.New("it is damaged") }), nil
	}
	_, err := m.Evaluate(t.Context(), data.Sets{Image: broken})
	require.EqualError(t, err, "clip/004.png: it is damaged")
	list := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(list, []byte("README.md 3\n"), 0o644))
	s, err := data.OpenLists(data.Lists{StaticList: list, StaticRoot: goldenDir})
	require.NoError(t, err)
	_, err = m.Evaluate(t.Context(), s.Cached(data.NewBudget(0), 160))
	require.Error(t, err)
	require.Equal(t, 1, strings.Count(err.Error(), "README.md"), err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = m.Evaluate(ctx, data.Sets{Image: images(t, 3)})
	require.ErrorIs(t, err, context.Canceled)
	labelled := images(t, 3)
	for i := range labelled.Items {
		labelled.Items[i].Label = 7
	}
	_, _, err = m.Match(data.Sets{Image: labelled})
	require.EqualError(t, err, labelled.Items[0].List+": line 1: clip/000.png has label 7, but the model's image head has classes 0 to 6")
}

// Samples that cannot be read are left out, up to a limit, wherever they are in a batch; the others are counted as without them.
func TestEvaluateSkips(t *testing.T) {
	m := openModel(t, published)
	whole := images(t, evalBatch+6)
	broken := data.Sets{Image: &data.Dataset{Modality: data.Image, Items: slices.Clone(whole.Items), Skipped: 2}}
	readable := data.Sets{Image: &data.Dataset{Modality: data.Image}}
	for i := range whole.Items {
		if i == 0 || i == 3 || i == evalBatch+5 {
			broken.Image.Items[i].Open = func(context.Context, data.OpenOptions) (data.Sample, error) { return nil, errors.New("damaged") }
		} else {
			readable.Image.Items = append(readable.Image.Items, whole.Items[i])
		}
	}
	want, err := m.Evaluate(t.Context(), readable)
	require.NoError(t, err)
	require.Zero(t, want.Static.Skipped)
	m.Skips = &data.Skips{Limit: 3}
	var counted []int
	m.Counted = func(samples int) { counted = append(counted, samples) }
	got, err := m.Evaluate(t.Context(), broken)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1, evalBatch, 1, 3}, counted, "also those that are left out")
	m.Counted = nil
	require.Equal(t, 2+3, got.Static.Skipped)
	require.Equal(t, want.Static.Confusion, got.Static.Confusion)
	require.Len(t, m.Skips.Samples, 3)
	for i, path := range []string{"clip/000.png", "clip/012.png", "clip/052.png"} {
		require.Equal(t, data.Skipped{Modality: data.Image, Path: path, Error: "damaged"}, m.Skips.Samples[i])
	}
	m.Skips = &data.Skips{Limit: 2}
	_, err = m.Evaluate(t.Context(), broken)
	require.EqualError(t, err, "damaged; it is one more than --skip-bad 2 allows")
	broken.Image.Items = broken.Image.Items[:1]
	_, err = m.Evaluate(t.Context(), broken)
	require.EqualError(t, err, "none of the 3 images can be read")
}

// A quantized model is compared with its reference sample by sample.
func TestAgreement(t *testing.T) {
	low := engine.Int8
	m, err := Open(published, cpu.New(), &low)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	m.Reference, err = Open(published, cpu.New(), nil)
	require.NoError(t, err)
	set := images(t, evalBatch+2)
	r, err := m.Evaluate(t.Context(), data.Sets{Image: set})
	require.NoError(t, err)
	same, change := 0, 0.0
	for i := range len(set.Items) {
		got, want := predict(t, m, set, i), predict(t, m.Reference, set, i)
		if got.Class == want.Class {
			same++
		}
		for j := range 7 {
			change = max(change, got.Probabilities[j]-want.Probabilities[j], want.Probabilities[j]-got.Probabilities[j])
		}
	}
	require.Positive(t, change)
	require.InDelta(t, change, r.Static.Agreement.LargestChange, 1e-6)
	require.InDelta(t, 100*float64(same)/float64(len(set.Items)), r.Static.Agreement.Top1, 1e-9)

	a := &Agreement{}
	a.add([]float64{0.5, 0.3, 0.2}, []float64{0.4, 0.35, 0.25})
	a.add([]float64{0.5, 0.3, 0.2}, []float64{0.2, 0.5, 0.3})
	require.Equal(t, 50.0, a.Top1)
	require.InDelta(t, 0.3, a.LargestChange, 1e-12)
}

// An interruption while a sample is read is not a sample that cannot be read.
func TestInterruptedEvaluationSkipsNothing(t *testing.T) {
	m := openModel(t, published)
	m.Skips = &data.Skips{Limit: 10}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	set := &data.Dataset{Modality: data.Image, Items: []data.Item{{Name: "face",
		Open: func(ctx context.Context, _ data.OpenOptions) (data.Sample, error) {
			cancel()
			return nil, ctx.Err()
		}}}}
	_, err := m.Evaluate(ctx, data.Sets{Image: set})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, m.Skips.Samples)
}
