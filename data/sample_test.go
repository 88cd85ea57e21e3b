package data

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Messages of samples name them.
func TestMessagesOfSamples(t *testing.T) {
	root := t.TempDir()
	writePNG(t, filepath.Join(root, "v", "1.png"), grey(2, 3, 1))
	writePNG(t, filepath.Join(root, "a.png"), grey(2, 3, 1))
	for _, path := range []string{filepath.Join(root, "v"), filepath.Join(root, "a.png")} {
		sample, _, err := Open(t.Context(), path, OpenOptions{})
		require.NoError(t, err)
		_, err = sample.Read(t.Context(), []int{0, 1})
		require.EqualError(t, err, path+": frame 1 asked for, but there are 1")
		_, err = sample.Read(t.Context(), []int{-1})
		require.EqualError(t, err, path+": frame -1 asked for, but there are 1")
		_, err = sample.Read(t.Context(), nil)
		require.EqualError(t, err, path+": no frame asked for")
	}
	for _, c := range []struct {
		box  Box
		h, w int
	}{{Box{-1, 0, 2, 2}, 2, 3}, {Box{0, -1, 2, 2}, 2, 3}, {Box{0, 0, 0, 1}, 2, 3}, {Box{0, 0, 1, 0}, 2, 3}, {Box{1, 0, 5, 1}, 2, 3},
		{Box{0, 3, 1, 2}, 2, 3}, {Box{0, 0, 1, 1}, 0, 3}, {Box{0, 0, 1, 1}, 2, 0}} {
		want := fmt.Sprintf("data.ResizeBox: box {X:%d Y:%d W:%d H:%d} of frames of 5×4 to %d×%d pixels", c.box.X, c.box.Y, c.box.W, c.box.H, c.w, c.h)
		require.PanicsWithValue(t, want, func() { ResizeBox(NewFrames(1, 4, 5), c.box, c.h, c.w, Bilinear) })
	}
	require.NotPanics(t, func() { ResizeBox(NewFrames(1, 4, 5), Box{4, 3, 1, 1}, 1, 1, Bicubic) })
}

// All frames of a video have the size of the first that is read, in both extents.
func TestFramesOfOtherSizes(t *testing.T) {
	root := t.TempDir()
	for name, f := range map[string]*Frames{"1.png": grey(2, 3, 1), "2.png": grey(2, 4, 1), "3.png": grey(5, 3, 1)} {
		writePNG(t, filepath.Join(root, name), f)
	}
	sample, _, err := Open(t.Context(), root, OpenOptions{})
	require.NoError(t, err)
	for other, size := range map[int]string{1: "4×2", 2: "3×5"} {
		_, err = sample.Read(t.Context(), []int{0, other})
		require.EqualError(t, err, fmt.Sprintf("%s: %s pixels, but the video's other frames have 3×2", filepath.Join(root, fmt.Sprint(other+1, ".png")), size))
	}
}
