package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/drawn"
)

// What is drawn into files is what is drawn for a seed in memory, and the lists name it.
func TestDataDraw(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "faces")
	code, stdout, stderr := mien("data", "draw", "--out", dir, "--images", "9", "--videos", "2", "--frames", "3", "--size", "24", "--seed", "5")
	require.Zero(t, code, stderr)
	require.Equal(t, dir+": static.txt lists 9 images, dynamic.csv lists 2 videos; the folder is the root of both lists\n", stdout)
	lists := data.Lists{StaticList: filepath.Join(dir, "static.txt"), StaticRoot: dir, DynamicList: filepath.Join(dir, "dynamic.csv"), DynamicRoot: dir}
	sets, err := data.OpenLists(lists)
	require.NoError(t, err)
	for _, c := range []struct{ got, want *data.Dataset }{
		{sets.Image, drawn.Images(5, 9, 24)}, {sets.Video, drawn.Videos(5, 2, 3, 24)},
	} {
		require.Len(t, c.got.Items, len(c.want.Items))
		for i, item := range c.want.Items {
			require.Equal(t, c.want.Classes[item.Label], c.got.Classes[c.got.Items[i].Label])
			require.Equal(t, pixels(t, item), pixels(t, c.got.Items[i]))
		}
	}

	pairs := dir + "-pairs"
	code, _, stderr = mien("data", "draw", "--out", pairs, "--images", "0", "--videos", "3", "--frames", "2", "--size", "24", "--seed", "5", "--reversed")
	require.Zero(t, code, stderr)
	list, err := os.ReadFile(filepath.Join(pairs, "dynamic.csv"))
	require.NoError(t, err)
	require.Equal(t, "video_name,label\nvideos/00000-Onset,onset\nvideos/00001-Offset,offset\nvideos/00002-Onset,onset\n", string(list))
	sets, err = data.OpenLists(data.Lists{DynamicList: filepath.Join(pairs, "dynamic.csv"), DynamicRoot: pairs})
	require.NoError(t, err)
	for i, item := range drawn.Reversed(5, 3, 2, 24).Items {
		require.Equal(t, pixels(t, item), pixels(t, sets.Video.Items[i]))
	}

	for want, args := range map[string][]string{
		"--out " + dir + ": the folder is not empty: give another": {"--out", dir},
		"nothing to draw: --images and --videos are both 0":        {"--out", dir + "2", "--images", "0", "--videos", "0"},
		"--size 15: it must be from 16 to 1024":                    {"--out", dir + "2", "--size", "15"},
		"--frames 0: it must be from 1 to 10000":                   {"--out", dir + "2", "--frames", "0"},
		"--videos 100001: it must be from 0 to 100000":             {"--out", dir + "2", "--videos", "100001"},
	} {
		code, _, stderr := mien(append([]string{"data", "draw"}, args...)...)
		require.NotZero(t, code)
		require.Contains(t, stderr, want)
		require.NoDirExists(t, dir+"2")
	}

	patient(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	require.Equal(t, interrupted, execute(ctx, []string{"data", "draw", "--out", dir + "3"}, &out, &errs))
	require.NoFileExists(t, filepath.Join(dir+"3", "static.txt"), "a list is complete")
	code, stdout, _ = mien("data", "draw", "--out", dir+"4", "--images", "0", "--videos", "1", "--frames", "1", "--size", "16")
	require.Zero(t, code)
	require.Contains(t, stdout, ": dynamic.csv lists 1 videos; ")
	left, err := os.ReadDir(dir + "4")
	require.NoError(t, err)
	require.Len(t, left, 2)
}

// pixels are those of all frames of a sample.
func pixels(t *testing.T, item data.Item) (all []uint8) {
	t.Helper()
	sample, err := item.Open(t.Context(), data.OpenOptions{})
	require.NoError(t, err)
	for i := range sample.Len() {
		f, err := sample.Read(t.Context(), []int{i})
		require.NoError(t, err)
		all = append(all, f.Pix...)
	}
	return all
}
