package infer

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/modelfile"
	"mien/s4d"
	"mien/system"
)

// Whole results, of a classifier whose answers are known.

// oracle is a classifier that answers to the first byte of a view, with heads of three and of five classes.
type oracle struct {
	system.Classifier
	shift uint8  // added to the byte
	asked func() // before each answer
}

func (oracle) Classes(m data.Modality) int { return data.ByModality(m, 3, 5) }

// logits are those of a head for a view that begins with a byte.
func (o oracle) logits(head data.Modality, first uint8) (all []float64) {
	for class := range o.Classes(head) {
		all = append(all, float64(int(first+o.shift)*(2*class+3)%11)/4)
	}
	return all
}

// firsts are the first bytes of the views of a batch.
func firsts(pixels *ag.Value) (all []uint8) {
	bytes, err := engine.Read[uint8](pixels.Data())
	if err != nil {
		panic(err)
	}
	for i := range pixels.Dim(0) {
		all = append(all, bytes[i*len(bytes)/pixels.Dim(0)])
	}
	return all
}

func (o oracle) Logits(pixels *ag.Value, head data.Modality, _ engine.Key) *ag.Value {
	if o.asked != nil {
		o.asked()
	}
	var all []float32
	for _, first := range firsts(pixels) {
		for _, l := range o.logits(head, first) {
			all = append(all, float32(l))
		}
	}
	t := pixels.Tape()
	return t.Const(engine.FromSlice(t.Backend(), engine.Float32, all, pixels.Dim(0), o.Classes(head)))
}

// Features are the first byte of a view, and its square.
func (o oracle) Features(pixels *ag.Value, _ data.Modality, _ engine.Key) *ag.Value {
	if o.asked != nil {
		o.asked()
	}
	var all []float32
	for _, first := range firsts(pixels) {
		all = append(all, float32(first), float32(first)*float32(first))
	}
	t := pixels.Tape()
	return t.Const(engine.FromSlice(t.Backend(), engine.Float32, all, pixels.Dim(0), 2))
}

var oracleLabels = map[data.Modality][]string{data.Image: {"fear", "anger", "neutral"}, data.Video: {"neutral", "joy", "anger", "fear", "odd"}}

// asking is a model that answers as the oracle does, to windows of four frames.
func asking(t *testing.T, o oracle) *Model {
	t.Helper()
	d := modelfile.Description{Recipe: valid(t), Labels: oracleLabels, System: &s4d.System, Own: true}
	d.Recipe.Data.Stride, d.Recipe.Model.Frames = 1, 4
	return Of(o, d, cpu.New())
}

// probabilities are the mean over views that begin with such bytes.
func (o oracle) probabilities(head data.Modality, firsts ...uint8) []float64 {
	mean := make([]float64, o.Classes(head))
	for _, first := range firsts {
		addSoftmax(mean, o.logits(head, first), 1/float64(len(firsts)))
	}
	return mean
}

// broken makes samples of a set unreadable.
func broken(d *data.Dataset, indices ...int) {
	for _, i := range indices {
		d.Items[i].Open = func(context.Context, data.OpenOptions) (data.Sample, error) { return nil, errors.New("damaged") }
	}
}

// named gives the samples of a set names and labels.
func named(d *data.Dataset, classes int) *data.Dataset {
	for i := range d.Items {
		d.Items[i].Name, d.Items[i].Label = string(d.Modality)+string(rune('a'+i)), (3*i+1)%classes
	}
	return d
}

// The scores of two sets have nothing in common but the model: each has its own answers, reference and samples that were left out, in
// several batches of which the last ends with one that cannot be read.
func TestWholeEvaluation(t *testing.T) {
	o, reference := oracle{}, oracle{shift: 1}
	m := asking(t, o)
	m.Reference, m.Skips = asking(t, reference), &data.Skips{Limit: 4}
	s := data.Sets{Image: named(shades(evalBatch+4, 1, data.Image), 3), Video: named(shades(evalBatch+2, 6, data.Video), 5)}
	s.Image.Skipped, s.Video.Skipped = 2, 5
	broken(s.Image, 3, evalBatch+3)
	broken(s.Video, 0)
	report, err := m.Evaluate(t.Context(), s)
	require.NoError(t, err)
	want := func(d *data.Dataset, skipped int, views ...uint8) *Score {
		var answers []Answer
		agreement := &Agreement{}
		for i, item := range d.Items {
			if sample, err := item.Open(t.Context(), data.OpenOptions{}); sample == nil {
				require.Error(t, err)
				continue
			}
			var bytes []uint8
			for _, v := range views {
				bytes = append(bytes, uint8(10*i)+v)
			}
			p := o.probabilities(d.Modality, bytes...)
			answers = append(answers, Answer{item.Name, item.Label, Argmax(p), p})
			agreement.add(p, reference.probabilities(d.Modality, bytes...))
		}
		score := NewScore(oracleLabels[d.Modality], answers)
		score.Skipped, score.Agreement = skipped, agreement
		return score
	}
	require.Equal(t, want(s.Image, 2+2, 0), report.Static)
	require.Equal(t, want(s.Video, 5+1, 0, 2), report.Dynamic)
	require.Equal(t, []int{evalBatch + 2, evalBatch + 1}, []int{report.Static.Agreement.n, report.Dynamic.Agreement.n})
	require.Len(t, m.Skips.Samples, 3)

	m.Reference.backend = &scarce{Backend: m.backend}
	_, err = m.Evaluate(t.Context(), s)
	require.ErrorIs(t, err, errFull, "of the reference")
}

// What is said of both sets is said, that of images first, whichever head answers.
func TestNotesOfBothSets(t *testing.T) {
	set := func(m data.Modality, classes []string, labels ...int) *data.Dataset {
		d := &data.Dataset{Modality: m, Classes: classes}
		for _, label := range labels {
			d.Items = append(d.Items, data.Item{Label: label})
		}
		return d
	}
	labels := func(d *data.Dataset) (all []int) {
		for _, item := range d.Items {
			all = append(all, item.Label)
		}
		return all
	}
	const unknown = "samples show classes that the model does not know: they are left out"
	m := asking(t, oracle{})
	m.Head = data.Image
	s, notes, err := m.Match(data.Sets{Image: set(data.Image, []string{"anger", "odd", "fear"}, 0, 1, 2), Video: set(data.Video, nil, 3, 4, 1, 2)})
	require.NoError(t, err)
	require.Equal(t, []string{"1 of 3 image " + unknown,
		"the list numbers its classes: they are taken to be neutral, joy, anger, fear, odd, for the image head goes by names", "2 of 4 video " + unknown}, notes)
	require.Equal(t, [][]int{{1, 0}, {0, 1}}, [][]int{labels(s.Image), labels(s.Video)})

	m.Head = data.Video
	s, notes, err = m.Match(data.Sets{Image: set(data.Image, nil, 2, 0), Video: set(data.Video, []string{"odd", "fear", "joy"}, 2, 0, 1)})
	require.NoError(t, err)
	require.Equal(t, []string{"the list numbers its classes: they are taken to be fear, anger, neutral, for the video head goes by names",
		"video labels go by the names of classes: list and model order them differently"}, notes)
	require.Equal(t, [][]int{{0, 3}, {1, 4, 3}}, [][]int{labels(s.Image), labels(s.Video)})
}

// All that is said of an image and of a video, under paths that JSON can hold or not.
func TestWholePrediction(t *testing.T) {
	o := oracle{}
	m := asking(t, o)
	want := func(modality data.Modality, path string, frames int, windows []data.Window, firsts ...uint8) Prediction {
		p := o.probabilities(modality, firsts...)
		return Prediction{Format: "mien-prediction-1", Path: path, Modality: modality, Frames: frames, Views: len(windows), Windows: windows,
			Label: oracleLabels[modality][Argmax(p)], Labels: oracleLabels[modality], Probabilities: p, Class: Argmax(p)}
	}
	got := func(path string, d *data.Dataset) Prediction {
		p, err := m.Predict(t.Context(), path, opened(t, d), d.Modality)
		require.NoError(t, err)
		return p
	}
	image := want(data.Image, "a\xff.png", 1, []data.Window{{Stride: 1}}, 0)
	image.PathBytes = []byte{'a', 0xff, '.', 'p', 'n', 'g'}
	require.Equal(t, image, got("a\xff.png", shades(1, 1, data.Image)))
	video := want(data.Video, "clip", 9, []data.Window{{First: 0, Last: 3, Stride: 1}, {First: 2, Last: 5, Stride: 1}, {First: 5, Last: 8, Stride: 1}}, 0, 2, 5)
	answer := got("clip", shades(1, 9, data.Video))
	require.InDeltaSlice(t, video.Probabilities, answer.Probabilities, 1e-12)
	answer.Probabilities = video.Probabilities
	require.Equal(t, video, answer)
	m.Windows = 1
	require.Equal(t, want(data.Video, "clip", 9, []data.Window{{First: 2, Last: 5, Stride: 1}}, 2), got("clip", shades(1, 9, data.Video)), "the middle")
}

// The centre of a class of videos is the mean of its samples, each of which is the mean of its two windows.
func TestCentresOfVideos(t *testing.T) {
	m := asking(t, oracle{})
	d := named(shades(4, 6, data.Video), 5) // of classes 1, 4, 2 and 0
	d.Items[3].Label = 4
	centres, err := m.Centres(t.Context(), d, 9)
	require.NoError(t, err)
	mean := func(firsts ...float64) []float64 {
		sum := make([]float64, 2)
		for _, f := range firsts {
			sum[0], sum[1] = sum[0]+f/float64(len(firsts)), sum[1]+f*f/float64(len(firsts))
		}
		return sum
	}
	want := [][]float64{nil, mean(0, 2), mean(20, 22), nil, mean(10, 12, 30, 32)}
	require.Len(t, centres, len(want))
	for class, c := range want {
		require.Len(t, centres[class], len(c))
		require.InDeltaSlice(t, c, centres[class], 1e-9, class)
	}
	similar := Cosines(centres, centres)
	require.InDelta(t, 1, similar[2][2], 1e-12)
	require.True(t, math.IsNaN(similar[1][0]) && math.IsNaN(similar[0][1]), "on either side")
}

// An interruption during the last thing that a model is asked for is none that goes unnoticed.
func TestInterruptedAtTheEnd(t *testing.T) {
	image, video := named(shades(1, 1, data.Image), 3), named(shades(1, 6, data.Video), 5)
	for name, ask := range map[string]func(ctx context.Context, m *Model) error{
		"evaluate": func(ctx context.Context, m *Model) error {
			_, err := m.Evaluate(ctx, data.Sets{Image: image})
			return err
		},
		"centres": func(ctx context.Context, m *Model) error {
			_, err := m.Centres(ctx, image, 1)
			return err
		},
		"predict": func(ctx context.Context, m *Model) error {
			_, err := m.Predict(ctx, "", opened(t, video), data.Video)
			return err
		},
		"timeline": func(ctx context.Context, m *Model) error {
			_, err := m.Timeline(ctx, opened(t, video), 1)
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		require.ErrorIs(t, ask(ctx, asking(t, oracle{asked: cancel})), context.Canceled, name)
	}
}

// Frames of a video that are judged alone are those of the video, whatever its shape.
func TestStillsOfAnyShape(t *testing.T) {
	m := asking(t, oracle{})
	frames := data.NewFrames(6, 9, 14)
	for i := range frames.Pix {
		frames.Pix[i] = uint8(i * i / 7)
	}
	video := data.NewSample("", 6, data.OpenOptions{}, func(_ context.Context, i int) (*data.Frames, error) {
		return &data.Frames{T: 1, H: 9, W: 14, Pix: slices.Clone(frames.Frame(i))}, nil
	})
	views, err := m.stills(t.Context(), video)
	require.NoError(t, err)
	require.Len(t, views, 6)
	for i, view := range views {
		one := &data.Frames{T: 1, H: 9, W: 14, Pix: frames.Frame(i)}
		require.Equal(t, data.Resize(one, 32, 32).View(), view, i)
	}
}
