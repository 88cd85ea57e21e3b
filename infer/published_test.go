package infer

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/systems"
)

// witness is a classifier that records each of its batches: the key, and the first byte of each view. What it answers depends on the
// number of the batch.
type witness struct {
	system.Classifier
	keys   []engine.Key
	firsts [][]uint8
}

func (w *witness) Classes(data.Modality) int { return 7 }

func (w *witness) Logits(pixels *ag.Value, _ data.Modality, key engine.Key) *ag.Value {
	bytes, err := engine.Read[uint8](pixels.Data())
	if err != nil {
		panic(err)
	}
	b, logits := pixels.Dim(0), []float32(nil)
	var firsts []uint8
	for i := range b {
		firsts = append(firsts, bytes[i*len(bytes)/b])
		logits = append(logits, float32(len(w.keys)), 0, 0, 0, 0, 0, 0)
	}
	w.keys, w.firsts = append(w.keys, key), append(w.firsts, firsts)
	t := pixels.Tape()
	return t.Const(engine.FromSlice(t.Backend(), engine.Float32, logits, b, 7))
}

// shades is a set of n samples of several frames, whose shade is that of sample and frame.
func shades(n, frames int, modality data.Modality) *data.Dataset {
	d := &data.Dataset{Modality: modality}
	for i := range n {
		d.Items = append(d.Items, data.Item{Open: func(_ context.Context, opt data.OpenOptions) (data.Sample, error) {
			return data.NewSample("", frames, opt, func(_ context.Context, t int) (*data.Frames, error) {
				f := data.NewFrames(1, 8, 8)
				for k := range f.Pix {
					f.Pix[k] = uint8(10*i + t)
				}
				return f, nil
			}), nil
		}})
	}
	return d
}

// The released evaluation judges 16 videos together, one view of each at a time, and each view twice; images 24 together, once. No two
// batches have the same noise, and an answer is the mean of its views.
func TestBatchesOfTheReleasedEvaluation(t *testing.T) {
	w := &witness{}
	m := Of(w, modelfile.Description{Recipe: valid(t), Labels: map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}}, cpu.New())
	m.Published, m.Own = true, true // a model of mien is judged as published, too
	m.Recipe.Data.Stride, m.Recipe.Model.Frames = 1, 4
	report, err := m.Evaluate(t.Context(), data.Sets{Image: shades(25, 1, data.Image), Video: shades(17, 6, data.Video)})
	require.NoError(t, err)
	require.Len(t, w.firsts, 2+4+4)
	require.Len(t, w.firsts[0], 24)
	require.Equal(t, []uint8{240}, w.firsts[1])
	for pass, window := range []uint8{0, 2, 0, 2} {
		var want []uint8
		for i := range uint8(16) {
			want = append(want, 10*i+window)
		}
		require.Equal(t, want, w.firsts[2+pass])
		require.Equal(t, []uint8{160 + window}, w.firsts[6+pass])
	}
	different := map[engine.Key]bool{}
	for _, key := range w.keys {
		different[key] = true
	}
	require.Len(t, different, len(w.keys))
	want := make([]float64, 7)
	for _, batch := range []float64{2, 3, 4, 5} {
		addSoftmax(want, []float64{batch, 0, 0, 0, 0, 0, 0}, 0.25)
	}
	require.InDeltaSlice(t, want, report.Dynamic.Answers[3].Probabilities, 1e-6)

	p, err := m.Predict(t.Context(), "", opened(t, shades(1, 30, data.Video)), data.Video)
	require.NoError(t, err)
	require.Equal(t, []data.Window{{First: 0, Last: 3, Stride: 1}, {First: 26, Last: 29, Stride: 1}}, p.Windows, "not all of it")
	require.Equal(t, 4, p.Views)
	require.Equal(t, [][]uint8{{0}, {26}, {0}, {26}}, w.firsts[10:])
	m.Windows = 3
	p, err = m.Predict(t.Context(), "", opened(t, shades(1, 30, data.Video)), data.Video)
	require.NoError(t, err)
	require.Equal(t, data.Windows(30, 4, 1, 3), p.Windows)
	require.Equal(t, 6, p.Views)
	m.Windows = 0
	p, err = m.Predict(t.Context(), "", opened(t, shades(1, 1, data.Image)), data.Image)
	require.NoError(t, err)
	require.Equal(t, 1, p.Views)
	require.Len(t, w.firsts, 21)
}

// opened opens the first sample of a set.
func opened(t *testing.T, d *data.Dataset) data.Sample {
	t.Helper()
	s, err := d.Items[0].Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	return s
}

// A model that is opened as published draws noise and drops tokens; a seed still fixes its answers, which are not those of mien.
func TestOpenPublished(t *testing.T) {
	open := func() *Model {
		m, err := OpenPublished(published, cpu.New(), nil)
		require.NoError(t, err)
		t.Cleanup(m.Close)
		return m
	}
	m, plain, set := open(), openModel(t, published), images(t, 3)
	require.True(t, m.Recipe.Model.EvalAsTraining)
	require.Equal(t, 1.0, m.Recipe.Model.Capacity)
	evaluate := func(m *Model) []Answer {
		r, err := m.Evaluate(t.Context(), data.Sets{Image: set})
		require.NoError(t, err)
		return r.Static.Answers
	}
	answers := evaluate(m)
	require.Equal(t, answers, evaluate(open()))
	for i, a := range evaluate(plain) {
		require.NotEqual(t, a.Probabilities, answers[i].Probabilities)
	}

	twice := func(m *Model) (first, second []float64) {
		var views [][]data.View
		for range 2 {
			views = append(views, []data.View{frame(t, opened(t, set), 0)})
		}
		p, err := m.classify(data.Image, views, engine.Key{})
		require.NoError(t, err)
		return p[0], p[1]
	}
	first, second := twice(plain)
	require.InDeltaSlice(t, first, second, 1e-6, "the answer to an image does not depend on the others")
	first, second = twice(m)
	require.NotEqual(t, first, second)
	m.Recipe.Seed++
	require.NotEqual(t, answers, evaluate(m))
}

// A model is opened as published in the precision that is asked for, or in that of its file.
func TestPrecisionOfPublished(t *testing.T) {
	for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
		file := stored(t, published, p)
		for _, asked := range []*engine.Precision{nil, new(engine.Full), new(engine.BF16), new(engine.Int8)} {
			want := p
			if asked != nil {
				want = *asked
			}
			for _, open := range []func(string, engine.Backend, *engine.Precision) (*Model, error){Open, OpenPublished} {
				m, err := open(file, cpu.New(), asked)
				require.NoError(t, err)
				require.Equal(t, want, m.Precision)
				m.Close()
			}
		}
	}
}

// Experts of a model that is opened as published have the room that its recipe gives them; of one that is opened as usual, all of it.
func TestCapacityOfPublished(t *testing.T) {
	for capacity, want := range map[float64]float64{0: 1, 0.25: 0.25, 1.75: 1.75} {
		path := ownModel(t, nil, nil, func(r *recipe.Recipe) { r.Model.Capacity, r.Model.EvalAsTraining = capacity, true })
		m, err := OpenPublished(path, cpu.New(), nil)
		require.NoError(t, err)
		t.Cleanup(m.Close)
		require.Equal(t, []any{true, want}, []any{m.Recipe.Model.EvalAsTraining, m.Recipe.Model.Capacity})
		require.False(t, openModel(t, path).Recipe.Model.EvalAsTraining)
	}
}

// A model without experts that is opened as published sees what the released evaluation does, each window twice.
func TestPublishedWithoutExperts(t *testing.T) {
	r, err := recipe.Load("vitmtl-tiny")
	require.NoError(t, err)
	of, err := systems.Of(r)
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 8})
	of.Build(scope, r)
	metadata, err := modelfile.Metadata(r, nil, nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, modelfile.Write(path, scope.Params(), metadata))
	m, err := OpenPublished(path, cpu.New(), nil)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	m.Recipe.Data.Stride = 1
	frames, video := m.Recipe.Model.Frames, shades(1, 30, data.Video)
	p, err := m.Predict(t.Context(), "", opened(t, video), data.Video)
	require.NoError(t, err)
	require.Equal(t, data.Windows(30, frames, 1, 2), p.Windows)
	require.Equal(t, 4, p.Views)
	plain := openModel(t, path)
	plain.Recipe.Data.Stride = 1
	p, err = plain.Predict(t.Context(), "", opened(t, video), data.Video)
	require.NoError(t, err)
	require.Len(t, p.Windows, data.Covering(30, frames, 1))
	require.Len(t, p.Windows, p.Views)
}
