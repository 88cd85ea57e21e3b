package infer

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
)

// A stored model gives bit-identical results to one that is rounded when opened, and another precision can be requested.
func TestStoredModelPredictsTheSame(t *testing.T) {
	face, _, err := data.Open(t.Context(), filepath.Join(goldenDir, "face.png"), data.OpenOptions{})
	require.NoError(t, err)
	predict := func(path string, p *engine.Precision, want engine.Precision) []float64 {
		m, err := Open(path, cpu.New(), p)
		require.NoError(t, err)
		defer m.Close()
		require.Equal(t, want, m.Precision)
		answer, err := m.Predict(t.Context(), path, face, data.Image)
		require.NoError(t, err)
		return answer.Probabilities
	}
	full := engine.Full
	exact := predict(published, nil, engine.Full)
	for _, kernels := range asm.Implementations() {
		t.Run(kernels.Name, func(t *testing.T) {
			restore, err := asm.Use(kernels.Name)
			require.NoError(t, err)
			defer restore()
			for _, p := range []engine.Precision{engine.BF16, engine.Int8} {
				path := stored(t, p)
				low := predict(path, nil, p)
				require.Equal(t, predict(published, &p, p), low, p)
				require.NotEqual(t, low, predict(path, &full, engine.Full), "%s multiplied in float32", p)
				require.InDeltaSlice(t, exact, low, 0.02, p)
			}
		})
	}
}
