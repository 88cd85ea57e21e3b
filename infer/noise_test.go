package infer

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/modelfile"
	"mien/system"
)

// noisy is a classifier that records the keys of its noise.
type noisy struct {
	system.Classifier
	keys []engine.Key
}

var sevenLabels = map[data.Modality][]string{data.Image: data.AffectNet7}

func (n *noisy) Classes(data.Modality) int { return 7 }
func (n *noisy) ActiveParams(all int) int  { return all }
func (n *noisy) ExpertBlocks() []int       { return []int{0} }

func (n *noisy) Logits(pixels *ag.Value, _ data.Modality, key engine.Key) *ag.Value {
	n.keys = append(n.keys, key)
	return pixels.Tape().Const(engine.Zeros(pixels.Tape().Backend(), engine.Float32, pixels.Dim(0), 7))
}

func (n *noisy) Routes(_ *ag.Value, _ data.Modality, key engine.Key) []*ag.Value {
	n.keys = append(n.keys, key)
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
