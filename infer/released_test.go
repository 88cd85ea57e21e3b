package infer

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine/cpu"
	"mien/internal/golden"
)

// A checkpoint as saved by the released code gives PyTorch's probabilities, from image files to softmax.
func TestReleasedCheckpoint(t *testing.T) {
	var want map[data.Modality][]float64
	text, err := os.ReadFile(golden.Path(t, "released_expected.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &want))
	golden.EachKernels(t, func(t *testing.T) {
		m, err := Open(golden.Path(t, "released_form.pth"), cpu.New(), nil)
		require.NoError(t, err)
		defer m.Close()
		for name, modality := range map[string]data.Modality{"face.png": data.Image, "clip": data.Video} {
			path := golden.Path(t, name)
			sample, kind, err := data.Open(t.Context(), path, data.OpenOptions{})
			require.NoError(t, err)
			require.Equal(t, modality, kind)
			p, err := m.Predict(t.Context(), path, sample, kind)
			require.NoError(t, err)
			require.Len(t, p.Probabilities, len(want[modality]))
			require.InDeltaSlice(t, want[modality], p.Probabilities, 2e-5)
		}
	})
}
