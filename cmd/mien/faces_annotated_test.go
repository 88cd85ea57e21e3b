package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
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

// filling is a standard output on a disk that is full after some writes.
type filling struct{ left int }

func (f *filling) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

// Where another output fails in the middle, a video is closed with what it has, and not called complete.
func TestAnnotatedBesideAFullDisk(t *testing.T) {
	talk, path := animation(t, 40), filepath.Join(t.TempDir(), "x.avi")
	var stderr bytes.Buffer
	args := []string{"predict", "--quiet", "--model", released, "--json", "--annotated", path, talk}
	code := execute(t.Context(), args, &filling{left: 2}, &stderr)
	require.Equal(t, failed, code)
	require.Contains(t, stderr.String(), "mien: standard output: no space left on device\n")
	require.NoFileExists(t, path)
	r, err := data.OpenFrames(t.Context(), path+".part", data.Selection{})
	require.NoError(t, err)
	defer r.Close()
	require.Greater(t, r.Info().Frames, 0)
	require.Less(t, r.Info().Frames, 40)
}

// A folder that holds something is not drawn into, by either flag: old and new would be mixed.
func TestDrawingsNeedAnEmptyFolder(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "portrait.png"), []byte("old"), 0o644))
	for _, flag := range []string{"--annotated", "--plot"} {
		code, _, stderr := mien("predict", "--quiet", "--model", released, flag, dir, photos+"portrait.png")
		require.Equal(t, failed, code)
		require.Equal(t, "mien: "+flag+" "+dir+": the folder is not empty: give another\n", stderr)
	}
	dir = t.TempDir()
	rows := filepath.Join(dir, "x.csv")
	code, _, stderr := mien("predict", "--quiet", "--model", released, "--csv", rows, "--annotated", dir, photos+"portrait.png")
	require.Zero(t, code, stderr)
}

// Pictures have no plot, which is said once.
func TestPlotOfPictures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plots")
	code, _, stderr := mien("predict", "--model", released, "--plot", path, photos+"portrait.png", photos+"portrait.png")
	require.Zero(t, code, stderr)
	require.Equal(t, 1, strings.Count(stderr, "mien: a picture has no time: --plot draws videos alone\n"), stderr)
	require.NoFileExists(t, path)
}

// The name of a plot is refused before anything is read.
func TestPlotOfAnotherFormat(t *testing.T) {
	code, stdout, stderr := mien("predict", "--quiet", "--model", released, "--plot", filepath.Join(t.TempDir(), "q.txt"), photos+"portrait.png")
	require.Equal(t, 2, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "q.txt: a plot is .png or .svg, or a folder")
}
