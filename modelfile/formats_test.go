package modelfile

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/internal/formats"
	"mien/recipe"
	"mien/weights"
)

func TestFormats(t *testing.T) {
	metadata, err := Metadata(recipe.Recipe{}, map[data.Modality][]string{data.Image: {"neutral"}}, Trained{})
	require.NoError(t, err)
	metadata[weights.PrecisionKey] = "bf16" // as convert adds
	formats.Check(t, "weights: trained", Origins{})
	require.ElementsMatch(t, formats.Documented(t, "weights"), slices.Collect(maps.Keys(metadata)))
}

// What mien wrote, but is not a model that this version reads, is named.
func TestOtherFormats(t *testing.T) {
	for found, want := range map[string]string{
		"mien-checkpoint-1": "a checkpoint, from which --resume continues: name the run folder, or a model in it",
		"mien-model-99":     "its format is mien-model-99, and this version of mien reads mien-model-1: use the version that wrote it",
	} {
		path := filepath.Join(t.TempDir(), "f")
		require.NoError(t, Write(path, nil, map[string]string{"format": found}))
		_, err := Describe(open(t, path))
		require.EqualError(t, err, path+": "+want)
	}
}
