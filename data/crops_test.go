package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func writeCrops(t *testing.T, dir, text string) string {
	require.NoError(t, os.MkdirAll(dir, 0o777))
	path := filepath.Join(dir, "crops.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

// What is nearest above a folder holds for it, and files of other programs do not.
func TestFindCrops(t *testing.T) {
	dir := t.TempDir()
	_, path, err := FindCrops(dir)
	require.NoError(t, err)
	require.Empty(t, path)
	outer := writeCrops(t, dir, `{"format": "mien-crops-1", "crop": "five-point", "size": 64}`)
	inner := writeCrops(t, filepath.Join(dir, "a", "b"), `{"format": "mien-crops-1", "crop": "eyes-nose", "size": 112, "samples": 3}`)
	writeCrops(t, filepath.Join(dir, "a", "b", "c"), `{"crop": "none"}`)
	writeCrops(t, filepath.Join(dir, "a", "b", "d"), `[]`)
	writeCrops(t, filepath.Join(dir, "a", "b", "e"), `{"format": "mien-crops-1", "crop": "none"}`+strings.Repeat(" ", 1<<16))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a", "b", "f", "crops.json"), 0o777))
	for from, want := range map[string]string{".": outer, "a": outer, "a/b": inner, "a/b/c": inner, "a/b/d": inner, "a/b/e": inner, "a/b/f": inner, "a/b/x/y": inner} {
		c, path, err := FindCrops(filepath.Join(dir, filepath.FromSlash(from)))
		require.NoError(t, err)
		require.Equal(t, want, path)
		require.Equal(t, map[string]Crops{outer: {Format: CropsFormat, Crop: "five-point", Size: 64},
			inner: {Format: CropsFormat, Crop: "eyes-nose", Size: 112, Samples: 3}}[want], c)
	}
	t.Chdir(filepath.Join(dir, "a", "b"))
	_, path, err = FindCrops("")
	require.NoError(t, err)
	require.Equal(t, inner, path)
}

// What is of another version, or names no crop, is an error.
func TestFindCropsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"format": "mien-crops-2", "crop": "eyes-nose"}`: `its format is "mien-crops-2", and this version of mien reads mien-crops-1`,
		`{"format": "mien-crops-1", "crop": "round"}`:     `"round" is no crop: choose one of none, eyes-nose, box-rotation, five-point`,
	} {
		dir := t.TempDir()
		path := writeCrops(t, dir, text)
		_, _, err := FindCrops(dir)
		require.EqualError(t, err, path+": "+want)
	}
}
