package infer

import (
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

// noisy is a classifier that records the keys of its noise, and the precision in which it computes.
type noisy struct {
	system.Classifier
	keys       []engine.Key
	precisions []engine.Precision
}

var sevenLabels = map[data.Modality][]string{data.Image: data.AffectNet7}

func (n *noisy) Classes(data.Modality) int { return 7 }
func (n *noisy) ActiveParams(all int) int  { return all }
func (n *noisy) ExpertBlocks() []int       { return []int{0} }

func (n *noisy) Logits(pixels *ag.Value, _ data.Modality, key engine.Key) *ag.Value {
	n.keys, n.precisions = append(n.keys, key), append(n.precisions, pixels.Tape().Precision)
	return pixels.Tape().Const(engine.Zeros(pixels.Tape().Backend(), engine.Float32, pixels.Dim(0), 7))
}

func (n *noisy) Features(pixels *ag.Value, m data.Modality, key engine.Key) *ag.Value {
	return n.Logits(pixels, m, key)
}

func (n *noisy) Routes(pixels *ag.Value, m data.Modality, key engine.Key) []*ag.Value {
	n.Logits(pixels, m, key)
	return nil
}

// Noise at evaluation depends on the seed of the model and on the batch, or the sample whose routes are asked for.
func TestNoiseOfBatches(t *testing.T) {
	set := images(t, 2*evalBatch+1)
	keys := func(seed uint64) []engine.Key {
		n, d := &noisy{}, modelfile.Description{Recipe: valid(t), Labels: sevenLabels}
		d.Recipe.Seed = seed
		m := Of(n, d, cpu.New())
		_, err := m.Evaluate(t.Context(), data.Sets{Image: set})
		require.NoError(t, err)
		for i := range 2 {
			_, err := m.Routes(t.Context(), set, i)
			require.NoError(t, err)
		}
		require.Len(t, n.keys, 3+2)
		return n.keys
	}
	require.Equal(t, keys(1), keys(1))
	different := map[engine.Key]bool{}
	for seed := range uint64(3) {
		for _, key := range keys(seed) {
			different[key] = true
		}
	}
	require.Len(t, different, 3*5)
}

// Whatever a model is asked, it computes in its own precision, with noise of its own for each sample and window, and for each kind of question.
func TestPrecisionAndNoiseOfEachQuestion(t *testing.T) {
	faces, video := shades(2, 1, data.Image), shades(2, 12, data.Video)
	for _, p := range []engine.Precision{engine.Full, engine.BF16, engine.Int8} {
		n, d := &noisy{}, modelfile.Description{Recipe: valid(t), Precision: p, Own: true, System: &s4d.System}
		d.Labels = map[data.Modality][]string{data.Image: data.AffectNet7, data.Video: data.DFEW}
		d.Recipe.Data.Stride = 1
		m := Of(n, d, cpu.New())
		asked := func(err error) []engine.Key {
			t.Helper()
			require.NoError(t, err)
			require.Equal(t, slices.Repeat([]engine.Precision{p}, len(n.keys)), n.precisions)
			defer func() { n.keys, n.precisions = nil, nil }()
			return n.keys
		}
		_, err := m.Centres(t.Context(), faces, 5)
		different := asked(err)
		for i := range 2 {
			_, err = m.Routes(t.Context(), faces, i)
			different = append(different, asked(err)...)
		}
		_, err = m.Timeline(t.Context(), opened(t, video), 3)
		different = append(different, asked(err)...)
		require.Len(t, different, 2+2+3)
		all := map[engine.Key]bool{}
		for _, key := range different {
			all[key] = true
		}
		require.Len(t, all, len(different))

		_, err = m.Evaluate(t.Context(), data.Sets{Image: faces, Video: video})
		require.Len(t, asked(err), 2)
		_, err = m.Centres(t.Context(), video, 5)
		require.Len(t, asked(err), 2)
		_, err = m.Predict(t.Context(), "", opened(t, video), data.Video)
		require.Len(t, asked(err), 2, "of its windows two at a time")
		views, err := m.Views(t.Context(), opened(t, video), data.Video)
		require.NoError(t, err)
		_, err = m.Trace(t.Context(), views[0], data.Video)
		require.EqualError(t, err, "system s4d computes no attention to look at")
		require.Len(t, asked(nil), 1)
	}
}

// The reference of a quantized model draws the noise of the model, batch by batch: they differ in nothing but precision.
func TestReferenceDrawsTheSameNoise(t *testing.T) {
	d, b := modelfile.Description{Recipe: valid(t), Labels: sevenLabels}, cpu.New()
	own, reference := &noisy{}, &noisy{}
	m := Of(own, d, b)
	m.Reference = Of(reference, d, b)
	_, err := m.Evaluate(t.Context(), data.Sets{Image: images(t, 2*evalBatch+1)})
	require.NoError(t, err)
	require.Len(t, own.keys, 3)
	require.Equal(t, own.keys, reference.keys)
}
