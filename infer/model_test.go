package infer

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/systems"
	"mien/weights"
)

// Golden files hold PyTorch's results for tiny models; testdata/golden/README.md says how they are made.
const (
	goldenDir = "../testdata/golden/"
	published = goldenDir + "released_form.pth"
)

func openModel(t *testing.T, path string) *Model {
	t.Helper()
	m, err := Open(path, cpu.New(), nil)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

// ownModel writes the published checkpoint as a run of mien would, with class names and a record of training, of a changed recipe.
func ownModel(t *testing.T, labels map[data.Modality][]string, record modelfile.Trained, changes ...func(*recipe.Recipe)) string {
	t.Helper()
	f, err := modelfile.Open(published)
	require.NoError(t, err)
	defer f.Close()
	d, err := modelfile.Describe(f)
	require.NoError(t, err)
	d.Recipe.Train, d.Recipe.Views = valid(t).Train, valid(t).Views
	for _, change := range changes {
		change(&d.Recipe)
	}
	metadata, err := modelfile.Metadata(d.Recipe, labels, record)
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, &nn.Load{File: f})
	d.System.Build(scope, d.Recipe)
	require.NoError(t, scope.Err())
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, modelfile.Write(path, scope.Params(), metadata))
	return path
}

// stored writes the published checkpoint in a precision.
func stored(t *testing.T, path string, p engine.Precision) string {
	t.Helper()
	f, err := modelfile.Open(path)
	require.NoError(t, err)
	defer f.Close()
	types, err := modelfile.StoredTypes(f, p)
	require.NoError(t, err)
	var tensors []weights.Tensor
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		tensors = append(tensors, weights.Tensor{Name: name, DType: types[name], Shape: shape,
			Fill: func(dst []float32) error { return f.Read(name, dst) }})
	}
	metadata := map[string]string{weights.PrecisionKey: p.String()}
	maps.Copy(metadata, f.Metadata())
	path = filepath.Join(t.TempDir(), p.String())
	require.NoError(t, weights.WriteSafetensors(path, tensors, metadata))
	return path
}

// drawn writes a model of a recipe for videos, whose weights are drawn.
func drawn(t *testing.T, r recipe.Recipe) string {
	t.Helper()
	of, err := systems.Of(r)
	require.NoError(t, err)
	scope := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 8})
	of.Build(scope, r)
	metadata, err := modelfile.Metadata(r, map[data.Modality][]string{data.Video: data.DFEW}, nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, modelfile.Write(path, scope.Params(), metadata))
	return path
}

// images lists n of the golden frames, with labels i·3 mod 7.
func images(t *testing.T, n int) *data.Dataset {
	t.Helper()
	list := ""
	for i := range n {
		list += fmt.Sprintf("clip/%03d.png %d\n", 4*i, 3*i%7)
	}
	path := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(path, []byte(list), 0o644))
	s, err := data.OpenLists(data.Lists{StaticList: path, StaticRoot: goldenDir})
	require.NoError(t, err)
	return s.Image
}

// videos lists a video for each label, cut from the golden one, under the header of a dataset.
func videos(t *testing.T, header string, labels ...int) *data.Dataset {
	t.Helper()
	dir := t.TempDir()
	frames, err := filepath.Glob(goldenDir + "clip/*.png")
	require.NoError(t, err)
	list := header + "\n"
	for i, label := range labels {
		name := fmt.Sprintf("v%d", i)
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		for j, frame := range frames[5*i : 80+2*i] { // more than 64, so that the two windows differ
			text, err := os.ReadFile(frame)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name, fmt.Sprintf("%03d.png", j)), text, 0o644))
		}
		list += fmt.Sprintf("%s,%d\n", name, label)
	}
	path := filepath.Join(dir, "list.csv")
	require.NoError(t, os.WriteFile(path, []byte(list), 0o644))
	s, err := data.OpenLists(data.Lists{DynamicList: path, DynamicRoot: dir})
	require.NoError(t, err)
	return s.Video
}

// predict classifies one sample of a set.
func predict(t *testing.T, m *Model, d *data.Dataset, i int) Prediction {
	t.Helper()
	sample, err := d.Items[i].Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	p, err := m.Predict(t.Context(), d.Items[i].Name, sample, d.Modality)
	require.NoError(t, err)
	return p
}
