package modelfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// The built-in model names all expressions, in images and videos, has learned from drawn and from real faces, and says by which crop.
func TestBuiltin(t *testing.T) {
	f, err := Open(Builtin)
	require.NoError(t, err)
	defer f.Close()
	d, err := Describe(f)
	require.NoError(t, err)
	require.True(t, d.Own)
	require.Equal(t, "builtin", d.Recipe.Name)
	require.Equal(t, "eyes-nose", d.Recipe.Data.Crop)
	require.Equal(t, data.AffectNet7, d.Labels[data.Image])
	require.Equal(t, data.DFEW, d.Labels[data.Video])
	for _, m := range []data.Modality{data.Image, data.Video} {
		require.Equal(t, 128, d.Trained[m].Listed)
		require.Positive(t, d.Trained[m].Drawn)
	}
	require.Empty(t, d.Trained.Caveat())
	require.Contains(t, Chosen(Builtin), "builtin")
	require.True(t, strings.HasPrefix(Card, "# "))
}
