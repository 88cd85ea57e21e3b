package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/recipe"
)

// What is cut out in another way than a model learned from is said once, and nothing where nobody knows.
func TestNotedCrops(t *testing.T) {
	dir := t.TempDir()
	picture, err := os.ReadFile(facePNG)
	require.NoError(t, err)
	for crop, folder := range map[string]string{"eyes-nose": "eyes", "box-rotation": "box", "": "unknown", "round": "round"} {
		at := filepath.Join(dir, folder)
		require.NoError(t, os.MkdirAll(filepath.Join(at, "a", "b"), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(at, "a", "face.png"), picture, 0o666))
		require.NoError(t, os.WriteFile(filepath.Join(at, "a", "list.txt"), []byte("face.png 6\n"), 0o666))
		if crop != "" {
			require.NoError(t, os.WriteFile(filepath.Join(at, data.CropsFile), []byte(`{"format": "mien-crops-1", "crop": "`+crop+`"}`), 0o666))
		}
	}
	noted := func(crop string, folders ...string) (said []string) {
		var r recipe.Recipe
		r.Data.Crop = crop
		for i := range folders {
			folders[i] = filepath.Join(dir, folders[i])
		}
		noteCrops(func(text string) { said = append(said, text) }, r, folders...)
		return said
	}
	line := filepath.Join(dir, "eyes", "crops.json") + ": faces are cut out by eyes-nose, and the model learned from box-rotation: expect worse answers, " +
		"or cut them out again with `mien prepare --crop box-rotation`"
	require.Equal(t, []string{line}, noted("box-rotation", "eyes", "eyes/a", "box", "eyes/a/b", "unknown"))
	require.Empty(t, noted("", "eyes", "box", "round"))
	require.Empty(t, noted("eyes-nose", "eyes/a"))
	require.Contains(t, strings.Join(noted("eyes-nose", "round"), "\n"), `"round" is no crop`)

	eyes := filepath.Join(dir, "eyes", "a")
	for _, command := range [][]string{
		{"eval", "--model", released, "--static-list", filepath.Join(eyes, "list.txt"), "--static-root", eyes},
		{"explain", "--model", released, "--out", filepath.Join(dir, "out"), filepath.Join(eyes, "face.png")},
	} {
		code, _, stderr := mien(command...)
		require.Zero(t, code, stderr)
		require.Equal(t, 1, strings.Count(stderr, line+"\n"), stderr)
	}
	_, stdout, _ := mien("info", "--model", released)
	require.Regexp(t, `(?m)^faces cut out by +box-rotation, assumed: the authors of S4D recommend it$`, stdout)
}
