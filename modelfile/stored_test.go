package modelfile

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/cpu"
	"mien/recipe"
	"mien/system"
	"mien/weights"
)

// The stored types are those of linear layers, experts and the patch embedding.
func TestStoredTypes(t *testing.T) {
	f := openGolden(t, "released_form.pth")
	for p, low := range map[engine.Precision]weights.DType{engine.BF16: weights.BF16, engine.Int8: weights.I8} {
		want := map[string]weights.DType{}
		for _, name := range f.Names() {
			if strings.HasSuffix(name, ".weight") && !strings.Contains(name, "norm") && !strings.Contains(name, "router") &&
				!strings.HasPrefix(name, "head.") {
				want[name] = low
			}
		}
		types, err := StoredTypes(f, p)
		require.NoError(t, err)
		require.Equal(t, want, types)
		require.Greater(t, len(want), 10)
	}
	types, err := StoredTypes(f, engine.Full)
	require.NoError(t, err)
	require.Empty(t, types)
	_, err = StoredTypes(openGolden(t, "released_pretrain.pt"), engine.BF16)
	require.ErrorContains(t, err, "fine-tune it first")
	_, err = StoredTypes(openGolden(t, "mae_image.safetensors"), engine.BF16)
	require.Error(t, err)
}

// An encoder pre-trained by mien is not a classifier, and is not stored in low precision either.
func TestOwnPretraining(t *testing.T) {
	r, err := recipe.Load("s4d-tiny-pretrain")
	require.NoError(t, err)
	f := writeModel(t, r, nil)
	d, err := Describe(f)
	require.NoError(t, err)
	require.Equal(t, "mae", d.System.Name)
	require.Empty(t, d.Labels)
	b := cpu.New()
	_, _, _, err = Load[system.Classifier](f.Path, b, nil)
	require.Zero(t, b.Stats().LiveBytes, "what was loaded is freed")
	require.Positive(t, b.Stats().PeakBytes)
	require.EqualError(t, err, f.Path+": a pre-trained encoder has no classes yet: fine-tune it first, with --init")
	_, err = StoredTypes(f, engine.Int8)
	require.EqualError(t, err, f.Path+": a pre-trained encoder has no classes yet: fine-tune it first, with --init")
}

// Nor does a landmark network name expressions: it is for models that read it.
func TestOwnLandmarks(t *testing.T) {
	f := writeModel(t, load(t, "landmarks-tiny"), nil)
	b, want := cpu.New(), f.Path+": a landmark network names no expressions: `mien finetune --landmarks` trains models of system s2d that read it, "+
		"and `mien prepare --landmarks` cuts faces out by it"
	_, _, _, err := Load[system.Classifier](f.Path, b, nil)
	require.EqualError(t, err, want)
	require.Zero(t, b.Stats().LiveBytes, "what was loaded is freed")
	for _, p := range []engine.Precision{engine.BF16, engine.Int8} {
		_, err = StoredTypes(f, p)
		require.EqualError(t, err, want)
	}
	types, err := StoredTypes(f, engine.Full)
	require.NoError(t, err)
	require.Empty(t, types)
}

func TestUnknownPrecisionInside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, weights.WriteSafetensors(path, nil, map[string]string{weights.PrecisionKey: "int4"}))
	_, _, _, err := Load[system.Classifier](path, cpu.New(), nil)
	require.EqualError(t, err, path+`: inside the file: precision "int4": choose f32, bf16 or int8`)
}
