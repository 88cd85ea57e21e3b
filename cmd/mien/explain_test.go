package main

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine/cpu"
	"mien/infer"
)

// What the page says of an input is the first model's answer, in the names of the head that gave it.
func TestExplanation(t *testing.T) {
	const golden = "../../testdata/golden/"
	out := &console{ctx: t.Context(), stderr: io.Discard, backend: cpu.New()}
	m, err := infer.Open(golden+"released_form.pth", out.backend, nil)
	require.NoError(t, err)
	defer m.Close()
	c := explainCmd{Out: t.TempDir()}
	for path, modality := range map[string]data.Modality{golden + "face.png": data.Image, golden + "clip": data.Video} {
		e, err := c.explain(out, []namedModel{{model: m}}, input{path: path}, "stem")
		require.NoError(t, err)
		require.Equal(t, [2]any{path, modality}, [2]any{e.Name, e.Modality})
		require.Equal(t, m.Labels[modality], e.Labels)
		require.NotEqual(t, m.Labels[data.Image], m.Labels[data.Video])
		require.InDelta(t, 1, sum(e.Probabilities), 1e-6)
		require.FileExists(t, filepath.Join(c.Out, e.Picture))
		require.Equal(t, modality == data.Video, e.Timeline != "")
	}
}

func sum(values []float64) (s float64) {
	for _, v := range values {
		s += v
	}
	return s
}
