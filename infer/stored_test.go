package infer

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/recipe"
)

// A stored model gives bit-identical results to one that is rounded when opened, and another precision can be requested.
func TestStoredModelPredictsTheSame(t *testing.T) {
	models := map[string]data.Modality{published: data.Image}
	for _, name := range []string{"feadapter-tiny", "s2d-tiny"} {
		r, err := recipe.Load(name)
		require.NoError(t, err)
		models[drawn(t, r)] = data.Video
	}
	clip, _, err := data.Open(t.Context(), filepath.Join(goldenDir, "clip"), data.OpenOptions{})
	require.NoError(t, err)
	predict := func(path string, modality data.Modality, p *engine.Precision, want engine.Precision) []float64 {
		m, err := Open(path, cpu.New(), p)
		require.NoError(t, err)
		defer m.Close()
		require.Equal(t, want, m.Precision)
		answer, err := m.Predict(t.Context(), path, clip, modality)
		require.NoError(t, err)
		return answer.Probabilities
	}
	full := engine.Full
	for model, modality := range models {
		exact := predict(model, modality, nil, engine.Full)
		for _, kernels := range asm.Implementations() {
			t.Run(kernels.Name, func(t *testing.T) {
				restore, err := asm.Use(kernels.Name)
				require.NoError(t, err)
				defer restore()
				for _, p := range []engine.Precision{engine.BF16, engine.Int8} {
					path := stored(t, model, p)
					low := predict(path, modality, nil, p)
					require.Equal(t, predict(model, modality, &p, p), low, p)
					require.NotEqual(t, low, predict(path, modality, &full, engine.Full), "%s multiplied in float32", p)
					require.InDeltaSlice(t, exact, low, 0.02, p)
				}
			})
		}
	}
}
