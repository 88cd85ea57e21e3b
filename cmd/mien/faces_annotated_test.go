package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// animation writes a GIF of n frames of a portrait.
func animation(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "talk.gif")
	code, _, stderr := mien("predict", "--quiet", "--model", released, "--as-clip", "--annotated", path, numbered(t, n))
	require.Zero(t, code, stderr)
	return path
}

// A drawing that cannot be is refused before anything is said, and leaves nothing.
func TestAnnotatedThatCannotBe(t *testing.T) {
	talk, dir := animation(t, 2), t.TempDir()
	t.Setenv("PATH", "")
	for _, c := range [][3]string{
		{talk, "x.xyz", ": a video is .avi, .gif, .mp4, .mov, .mkv or .webm, or a folder"},
		{talk, "x.png", ": one picture, not a video: name an .avi, .gif or .mp4, or a folder"},
		{talk, "x.mp4", ": writing .mp4 needs ffmpeg, which is not on the PATH: install it, or name an .avi, .gif or a folder"},
		{talk, "missing/x.avi", ": no such file or directory"},
		{photos + "portrait.png", "x.gif", ": the input is a picture: name a .png or .jpg, or a folder"},
	} {
		path := filepath.Join(dir, c[1])
		code, stdout, stderr := mien("predict", "--quiet", "--model", released, "--annotated", path, c[0])
		require.Equal(t, failed, code, stderr)
		require.Equal(t, "mien: --annotated "+path+c[2]+"\n", stderr)
		require.NotContains(t, stdout, "no face")
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}
