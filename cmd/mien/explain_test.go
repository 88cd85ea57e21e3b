package main

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine/cpu"
	"mien/infer"
	"mien/recipe"
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

// Two models are compared on what both see.
func TestBesideSeesTheSame(t *testing.T) {
	r := recipe.Recipe{Data: recipe.Data{Stride: 2}, Model: recipe.Model{Encoder: recipe.Encoder{Frames: 8, ImageSize: 80, PatchSize: 16, Tubelet: 4}}}
	require.Equal(t, [5]int{8, 2, 80, 16, 4}, sees(r))
	other := r
	other.Model.Dim, other.Model.Depth = 3, 5
	require.Equal(t, sees(r), sees(other))
}
