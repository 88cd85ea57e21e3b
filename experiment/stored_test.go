package experiment

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/weights"
)

// storeLow writes a model of the golden files in a precision.
func storeLow(t *testing.T, name string, p engine.Precision) string {
	in := openGolden(t, name).File
	types, err := StoredTypes(in, p)
	require.NoError(t, err)
	var tensors []weights.Tensor
	for _, name := range in.Names() {
		x := weights.Tensor{Name: name, DType: types[name]}
		x.Shape, _ = in.Shape(name)
		x.Data = make([]float32, engine.Elements(x.Shape))
		require.NoError(t, in.Read(name, x.Data))
		tensors = append(tensors, x)
	}
	path := filepath.Join(t.TempDir(), p.String())
	require.NoError(t, weights.WriteSafetensors(path, tensors, map[string]string{weights.PrecisionKey: p.String()}))
	return path
}

// The stored types are those of linear layers, experts and the patch embedding.
func TestStoredTypes(t *testing.T) {
	f := openGolden(t, "released_form.pth").File
	types, err := StoredTypes(f, engine.Int8)
	require.NoError(t, err)
	for _, name := range f.Names() {
		low := strings.HasSuffix(name, ".weight") && !strings.Contains(name, "norm") && !strings.Contains(name, "router") &&
			!strings.HasPrefix(name, "head.")
		require.Equal(t, low, types[name] == weights.I8, name)
	}
	types, err = StoredTypes(f, engine.Full)
	require.NoError(t, err)
	require.Empty(t, types)
	_, err = StoredTypes(openGolden(t, "released_pretrain.pt").File, engine.BF16)
	require.ErrorContains(t, err, "fine-tune it first")
	_, err = StoredTypes(openGolden(t, "mae_image.safetensors").File, engine.BF16)
	require.Error(t, err)
}

// A stored model answers with the bits of one that is rounded when it is opened, and another precision can be asked for.
func TestStoredModelPredictsTheSame(t *testing.T) {
	clip, _, err := data.Open(filepath.Join(goldenDir, "face.png"), data.OpenOptions{})
	require.NoError(t, err)
	predict := func(path string, p *engine.Precision, want engine.Precision) []float64 {
		m, err := OpenModel(path, p)
		require.NoError(t, err)
		require.Equal(t, want, m.Precision)
		answer, err := m.Predict(t.Context(), path, clip, data.Image)
		require.NoError(t, err)
		return answer.Probabilities
	}
	original := goldenDir + "released_form.pth"
	full := engine.Full
	exact := predict(original, nil, engine.Full)
	eachKernels(t, func(t *testing.T) {
		for _, p := range []engine.Precision{engine.BF16, engine.Int8} {
			path := storeLow(t, "released_form.pth", p)
			low := predict(path, nil, p)
			require.Equal(t, predict(original, &p, p), low, p)
			require.NotEqual(t, low, predict(path, &full, engine.Full), "%s multiplied in float32", p)
			require.InDeltaSlice(t, exact, low, 0.02, p)
		}
	})
}

func TestUnknownPrecisionInside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, weights.WriteSafetensors(path, nil, map[string]string{weights.PrecisionKey: "int4"}))
	_, err := OpenModel(path, nil)
	require.EqualError(t, err, path+`: inside the file: precision "int4": choose f32, bf16 or int8`)
}
