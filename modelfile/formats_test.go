package modelfile

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/internal/formats"
	"mien/recipe"
	"mien/weights"
)

func TestFormats(t *testing.T) {
	metadata, err := Metadata(recipe.Recipe{}, map[data.Modality][]string{data.Image: {"neutral"}})
	require.NoError(t, err)
	metadata[weights.PrecisionKey] = "bf16" // as convert adds
	require.ElementsMatch(t, formats.Documented(t, "weights"), slices.Collect(maps.Keys(metadata)))
}
