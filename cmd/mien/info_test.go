package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/recipe"
)

// A run that is not finished is described by its recipe: more is hidden of videos than of images, and the stride is the run's.
func TestInfoOnUnfinishedRun(t *testing.T) {
	r, err := recipe.Load("s4d-tiny-pretrain")
	require.NoError(t, err)
	r.Train.ImageMask, r.Train.VideoMask, r.Data.Stride = 0.5, 0.9, 3
	r.Model.DecoderDim, r.Model.DecoderDepth, r.Model.DecoderHeads = 32, 3, 2
	text, err := r.Text()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "recipe.toml"), text, 0o644))
	info, err := describe(dir)
	require.NoError(t, err)
	require.Equal(t, &maskInfo{Image: 0.5, Video: 0.9}, info.Mask)
	require.Equal(t, &decoderInfo{Dim: 32, Depth: 3, Heads: 2}, info.Decoder)
	require.Equal(t, 3, info.Stride)
	require.Equal(t, &runInfo{Recipe: r.Name, Epochs: r.Train.Epochs}, info.Run)
	require.Contains(t, info.rows(), []string{"hidden", "50 % of an image, 90 % of a video"})

	published, err := describe("mae-small")
	require.NoError(t, err)
	require.Equal(t, &maskInfo{Image: 0.9, Video: 0.95}, published.Mask)
}
