package report

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// plain is a frame of one colour.
func plain(w, h int, c color.Color) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return m
}

var colors = []color.RGBA{{200, 30, 40, 255}, {20, 180, 60, 255}, {40, 60, 220, 255}, {250, 250, 250, 255}}

// shownAt reads a video back: times in hundredths of a second, and which of the colours is shown.
func shownAt(t *testing.T, path string) (shown []string) {
	t.Helper()
	r, err := data.OpenFrames(t.Context(), path, data.Selection{})
	require.NoError(t, err)
	defer r.Close()
	for {
		f, err := r.Next()
		if err == io.EOF {
			return shown
		}
		require.NoError(t, err)
		require.NoError(t, f.Err)
		c := nearest(f.Pix[(f.H/2*f.W+f.W/2)*3:])
		if filepath.Ext(strings.TrimSuffix(path, ".part")) != ".avi" && len(shown) > 1 && strings.HasSuffix(shown[len(shown)-1], fmt.Sprint(":", c)) {
			continue // ffmpeg may have the repetition by which the last frame is shown for some time
		}
		shown = append(shown, fmt.Sprintf("%.0f:%d", f.Time*100, c))
	}
}

func nearest(pix []uint8) (best int) {
	least := math.Inf(1)
	for i, c := range colors {
		d := math.Hypot(math.Hypot(float64(c.R)-float64(pix[0]), float64(c.G)-float64(pix[1])), float64(c.B)-float64(pix[2]))
		if d < least {
			best, least = i, d
		}
	}
	return best
}

func ffmpegOrSkip(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg on the PATH")
	}
}

// Every format shows the frames at their times, from the first on; what comes no later than the frame before is left out.
func TestVideosShowFramesAtTheirTimes(t *testing.T) {
	for _, name := range []string{"a.avi", "a.gif", "a.mp4", "a.mkv", "a.mov", "a.webm"} {
		t.Run(name, func(t *testing.T) {
			if name != "a.avi" && name != "a.gif" {
				ffmpegOrSkip(t)
			}
			path := filepath.Join(t.TempDir(), name)
			v, err := NewVideoWriter(path, 25)
			require.NoError(t, err)
			for i, time := range []float64{60, 60.04, 60.04, 60.12, 60.52} {
				require.NoError(t, v.Add(plain(33, 21, colors[max(0, i-1)]), time))
			}
			require.NoError(t, v.Finish())
			require.NoError(t, v.Close())
			require.Equal(t, []string{"0:0", "4:0", "12:2", "52:3"}, shownAt(t, path))
			require.NoFileExists(t, path+".part")
		})
	}
}

// Frames without times come at the rate; those of another size are fitted into the first one's.
func TestVideosOfPictures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.avi")
	v, err := NewVideoWriter(path, 10)
	require.NoError(t, err)
	for i, size := range [][2]int{{32, 16}, {8, 16}, {64, 32}} {
		require.NoError(t, v.Add(plain(size[0], size[1], colors[i]), math.NaN()))
	}
	require.NoError(t, v.Finish())
	require.Equal(t, []string{"0:0", "10:1", "20:2"}, shownAt(t, path))
	m := fitted(plain(8, 16, colors[1]), image.Rect(0, 0, 32, 16))
	require.Equal(t, color.RGBA{A: 255}, m.RGBAAt(11, 8))
	require.Equal(t, colors[1], m.RGBAAt(12, 8))
	require.Equal(t, colors[1], m.RGBAAt(19, 0))
	require.Equal(t, color.RGBA{A: 255}, m.RGBAAt(20, 8))
}

func TestFolderOfFrames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "frames")
	v, err := NewVideoWriter(dir, 0)
	require.NoError(t, err)
	for i, c := range colors[:3] {
		require.NoError(t, v.Add(plain(16, 16, c), float64(i)))
	}
	require.NoError(t, v.Finish())
	folder, err := data.ReadFolder(dir)
	require.NoError(t, err)
	require.Len(t, folder.Pictures, 3)
	require.Equal(t, filepath.Join(dir, "000001.jpg"), folder.Pictures[0])
	f, err := data.OpenImage(t.Context(), folder.Pictures[2], data.OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, 2, nearest(f.Pix))
}

// A video that is not finished is a valid one, beside the old file, which stays.
func TestInterruptedVideos(t *testing.T) {
	for _, name := range []string{"a.avi", "a.gif", "a.mp4"} {
		if name == "a.mp4" {
			ffmpegOrSkip(t)
		}
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte("old"), 0o644))
		v, err := NewVideoWriter(path, 25)
		require.NoError(t, err)
		require.NoError(t, v.Add(plain(16, 16, colors[0]), 0))
		require.NoError(t, v.Add(plain(16, 16, colors[1]), 0.08))
		require.NoError(t, v.Close())
		require.NoError(t, v.Close())
		require.Equal(t, []string{"0:0", "8:1"}, shownAt(t, path+".part"), name)
		old, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "old", string(old))
		_, err = NewVideoWriter(path, 25)
		require.ErrorIs(t, err, fs.ErrExist, "the earlier part")
	}
}

func TestVideosThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.avi")
	v, err := NewVideoWriter(empty, 0)
	require.NoError(t, err)
	require.EqualError(t, v.Finish(), empty+": no frame to write")
	require.NoFileExists(t, empty+".part")
	t.Setenv("PATH", "")
	for name, want := range map[string]string{
		"a.png": ": one picture, not a video: name an .avi, .gif or .mp4, or a folder",
		"a.txt": ": a video is .avi, .gif, .mp4, .mov, .mkv or .webm, or a folder",
		"a.MP4": ": writing .mp4 needs ffmpeg, which is not on the PATH: install it, or name an .avi, .gif or a folder",
	} {
		_, err := NewVideoWriter(filepath.Join(dir, name), 0)
		require.EqualError(t, err, filepath.Join(dir, name)+want)
	}
	_, err = NewVideoWriter(filepath.Join(dir, "missing", "a.avi"), 0)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.EqualError(t, SavePicture("a.bmp", plain(1, 1, color.Black)), "a.bmp: a picture is .png or .jpg")
}

// An ffmpeg that gives up is named with its last words.
func TestFFmpegThatCannotWrite(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\necho first >&2; echo no such encoder >&2; exit 1\n"), 0o755))
	t.Setenv("PATH", dir)
	path := filepath.Join(dir, "a.mp4")
	v, err := NewVideoWriter(path, 0)
	require.NoError(t, err)
	for i := 0; err == nil && i < 100; i++ {
		err = v.Add(plain(300, 300, colors[0]), float64(i))
	}
	require.EqualError(t, err, path+": ffmpeg: no such encoder")
	require.Error(t, v.Finish())
	require.NoFileExists(t, path)
}

func TestRatio(t *testing.T) {
	for fps, want := range map[float64][2]uint32{
		25: {25000, 1000}, 30000.0 / 1001: {30000, 1001}, 24000.0 / 1001: {24000, 1001}, 12.5: {12500, 1000}, 0.0001: {1, 1000}, 30: {30000, 1000},
	} {
		rate, scale := ratio(fps)
		require.Equal(t, want, [2]uint32{rate, scale}, fps)
	}
}

// The palette's mixture is near the colour that it stands for.
func TestDither(t *testing.T) {
	for _, c := range append(colors, color.RGBA{128, 128, 128, 255}, color.RGBA{0, 0, 0, 255}, color.RGBA{255, 255, 255, 255}, color.RGBA{77, 11, 201, 255}) {
		m := paletted(plain(16, 16, c))
		var sum [3]float64
		for _, i := range m.Pix {
			p := cube[i].(color.RGBA)
			sum[0], sum[1], sum[2] = sum[0]+float64(p.R), sum[1]+float64(p.G), sum[2]+float64(p.B)
		}
		require.InDeltaSlice(t, []float64{float64(c.R), float64(c.G), float64(c.B)}, []float64{sum[0] / 256, sum[1] / 256, sum[2] / 256}, 4)
	}
}
