package pipeline

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/face"
	"mien/infer"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/systems"
)

// model returns one of a recipe with random weights.
func model(t testing.TB, name string, changes ...func(*recipe.Recipe)) *infer.Model {
	t.Helper()
	r, err := recipe.Load(name)
	require.NoError(t, err)
	for _, change := range changes {
		change(&r)
	}
	labels := map[data.Modality][]string{}
	if r.Model.ImageClasses > 0 {
		labels[data.Image] = data.AffectNet7
	}
	if r.Model.VideoClasses > 0 {
		labels[data.Video] = data.DFEW
	}
	metadata, err := modelfile.Metadata(r, labels, nil)
	require.NoError(t, err)
	s, err := systems.Of(r)
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 3})
	s.Build(scope, r)
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, modelfile.Write(path, scope.Params(), metadata))
	m, err := infer.Open(path, cpu.New(), nil)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

// of returns a pipeline of a model and the embedded detector.
func of(t testing.TB, m *infer.Model, opt Options) *Pipeline {
	t.Helper()
	d, err := face.New(cpu.New())
	require.NoError(t, err)
	t.Cleanup(d.Close)
	p, err := New(m, d, opt)
	require.NoError(t, err)
	return p
}

// picture reads a photograph with faces.
func picture(t testing.TB, name string) *data.Frames {
	t.Helper()
	f, err := data.OpenImage(t.Context(), "../face/testdata/"+name+".png", data.OpenOptions{})
	require.NoError(t, err)
	return f
}

func faces(t testing.TB, p *Pipeline, pictures ...*data.Frames) []Frame {
	t.Helper()
	frames, err := p.Faces(t.Context(), pictures)
	require.NoError(t, err)
	require.Len(t, frames, len(pictures))
	return frames
}
