package data

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pictures writes a folder of pictures of 6×4 pixels, the last of 6×last; each has the value of its place.
func pictures(t *testing.T, last int, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range names {
		h := 4
		if i == len(names)-1 {
			h = last
		}
		writePNG(t, filepath.Join(dir, name), grey(h, 6, uint8(i)))
	}
	return dir
}

// The frames of a video stand in the order of their numbers, as `ffmpeg -i x %d.png` writes them.
func TestFramesAreInNaturalOrder(t *testing.T) {
	for _, names := range [][]string{
		{"1.png", "2.png", "9.png", "10.png", "11.png", "100.png"},
		{"shot2_frame9.png", "shot2_frame10.png", "shot10_frame1.png"},
		{"f007.png", "f8.png", "f0009.png", "f10.png"},
		{"a1b2.png", "a1b10.png", "a01b20.png", "a2b1.png"},
		{"9223372036854775807.png", "18446744073709551616.png", "18446744073709551617.png"},
	} {
		sample, m, err := Open(t.Context(), pictures(t, 4, names...), OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, Video, m)
		f, err := sample.Read(t.Context(), allOf(len(names)))
		require.NoError(t, err)
		for i, v := range firsts(f) {
			require.Equal(t, i, int(v), "%v", names)
		}
	}
}

// A folder is a video if its pictures are numbered and of one size.
func TestFolderIsVideo(t *testing.T) {
	for _, c := range []struct {
		last  int
		names []string
		video bool
		why   string
	}{
		{4, []string{"1.png", "2.png", "10.png"}, true, "3 numbered pictures of one size"},
		{4, []string{"frame_0001.png", "frame_0002.PNG"}, true, "2 numbered pictures of one size"},
		{4, []string{"2/1.png", "2/2.png"}, true, "2 numbered pictures of one size"},
		{5, []string{"1.png", "2.png", "10.png"}, false, "3 pictures of several sizes"},
		{4, []string{"ann.png", "ben.png"}, false, "2 pictures without numbering"},
		{4, []string{"1.png", "2.png", "x.png"}, false, "3 pictures without numbering"},
		{4, []string{"001_03.png", "002_03.png"}, false, "2 pictures without numbering"},
		{4, []string{"ann1.png", "ben2.png"}, false, "2 pictures without numbering"},
		{4, []string{"1.png", "01.png"}, false, "2 pictures without numbering"},
		{4, []string{"1.png"}, false, "a single picture"},
	} {
		dir := pictures(t, c.last, c.names...)
		folder, err := ReadFolder(filepath.Join(dir, filepath.Dir(c.names[0])))
		require.NoError(t, err)
		video, why, err := folder.IsVideo(t.Context())
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(c.video, c.why), fmt.Sprint(video, why), c.names)
	}
}

// Two pictures differ in size if their widths do, or their heights.
func TestSizesOfPictures(t *testing.T) {
	for _, second := range [][2]int{{4, 7}, {5, 6}, {6, 4}} {
		dir := t.TempDir()
		writePNG(t, filepath.Join(dir, "1.png"), grey(4, 6, 0))
		writePNG(t, filepath.Join(dir, "2.png"), grey(second[0], second[1], 0))
		folder, err := ReadFolder(dir)
		require.NoError(t, err)
		video, why, err := folder.IsVideo(t.Context())
		require.NoError(t, err)
		require.False(t, video)
		require.Equal(t, "2 pictures of several sizes", why)
	}
}

func TestFolderOfUnknownSizes(t *testing.T) {
	dir := pictures(t, 4, "1.png", "2.png")
	broken := filepath.Join(dir, "3.png")
	require.NoError(t, os.WriteFile(broken, []byte("text"), 0o644))
	folder, err := ReadFolder(dir)
	require.NoError(t, err)
	video, why, err := folder.IsVideo(t.Context())
	require.NoError(t, err)
	require.False(t, video)
	require.Equal(t, "3 pictures, one of them of unknown size ("+broken+": not an image: neither JPEG, PNG, GIF, WebP nor BMP)", why)

	heif := filepath.Join(dir, "1.png")
	require.NoError(t, os.WriteFile(heif, []byte("\x00\x00\x00\x20ftypheic"), 0o644))
	_, why, err = folder.IsVideo(t.Context())
	require.NoError(t, err)
	require.Equal(t, "3 pictures, one of them of unknown size ("+heif+": a HEIC picture)", why)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = folder.IsVideo(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOddFolders(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "folder.png"), 0o755))
	for _, name := range []string{"a.png", "a1.png", ".b.png", "c.PNG", "d.gif", "e.txt", "F.jpeg", "b.MP4"} {
		writePNG(t, filepath.Join(dir, name), grey(2, 3, 0))
	}
	folder, err := ReadFolder(dir)
	require.NoError(t, err)
	want := Folder{Path: dir}
	for _, name := range []string{"F.jpeg", "a.png", "a1.png", "c.PNG"} {
		want.Pictures = append(want.Pictures, filepath.Join(dir, name))
	}
	want.Videos = []string{filepath.Join(dir, "b.MP4"), filepath.Join(dir, "d.gif")}
	require.Equal(t, want, folder)
	var names []string
	for _, path := range folder.All() {
		names = append(names, filepath.Base(path))
	}
	require.Equal(t, []string{"F.jpeg", "a.png", "a1.png", "b.MP4", "c.PNG", "d.gif"}, names)
	for _, c := range []struct {
		names string
		want  bool
	}{
		{"a.png a1.png", false}, {"a0.png a1.png", true}, {"a0.png a00.png", false}, {"a1.png a2.jpg", true}, {"1.png 2.png", true},
		{"x1.png y1.png", false}, {"a1 a2", true}, {"a01b a02b", false},
	} {
		require.Equal(t, c.want, numbered(strings.Fields(c.names)), c.names)
	}
	films := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(films, "a.mp4"), nil, 0o644))
	_, err = ReadFolder(films)
	require.ErrorContains(t, err, "no images (*.jpg, ")
	folder, err = ListFolder(films)
	require.NoError(t, err)
	require.Equal(t, Folder{Path: films, Videos: []string{filepath.Join(films, "a.mp4")}}, folder)
	f := filepath.Join(dir, "a.png")
	_, err = ReadFolder(f)
	require.EqualError(t, err, f+": not a directory")
}
