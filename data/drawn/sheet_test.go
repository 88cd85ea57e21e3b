package drawn

import (
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var sheetDir = flag.String("sheets", "", "write contact sheets to this folder, to be looked at")

func TestSheets(t *testing.T) {
	dir := *sheetDir
	if dir == "" {
		dir = t.TempDir()
	}
	pictures := PictureSheet(1, 8, 96)
	require.Equal(t, image.Rect(0, 0, 8*98+2, 7*98+2), pictures.Bounds())
	clips, err := ClipSheet(1, 7, 10, 64)
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 10*66+2, 7*66+2), clips.Bounds())
	require.NotEqual(t, clips.At(40, 40), clips.At(40, 40+66), "rows show different clips")
	for name, img := range map[string]image.Image{"pictures.png": pictures, "clips.png": clips} {
		f, err := os.Create(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, png.Encode(f, img))
		require.NoError(t, f.Close())
	}
	_, err = ClipSheet(1, 1, 2, 4)
	require.ErrorContains(t, err, "size 4")
}
