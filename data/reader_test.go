package data

import (
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// readAll reads all frames, and how they end: io.EOF or an error.
func readAll(r *FrameReader) (frames []Frame, end error) {
	defer r.Close()
	for {
		f, err := r.Next()
		if err != nil {
			return frames, err
		}
		frames = append(frames, f)
	}
}

func times(frames []Frame) (times []float64) {
	for _, f := range frames {
		times = append(times, f.Time)
	}
	return times
}

func TestFramesOfAPicture(t *testing.T) {
	want := readPNG(t, "images/exif6.jpg")
	file, err := os.ReadFile("testdata/images/exif6.jpg")
	require.NoError(t, err)
	fromFile, err := OpenFrames(t.Context(), "testdata/images/exif6.jpg", Selection{Start: 9, End: 10, FPS: 3})
	require.NoError(t, err)
	fromStream, err := ReadFrames(t.Context(), "stdin", strings.NewReader(string(file)), Selection{})
	require.NoError(t, err)
	for _, r := range []*FrameReader{fromFile, fromStream} {
		require.Equal(t, FrameInfo{Format: "JPEG", Still: true, Width: want.W, Height: want.H, Frames: 1}, r.Info())
		frames, end := readAll(r)
		require.Equal(t, io.EOF, end)
		require.Len(t, frames, 1)
		require.Equal(t, want, frames[0].Frames, "upright")
		require.True(t, math.IsNaN(frames[0].Time))
		require.NoError(t, frames[0].Err)
	}
}

func TestFramesOfAFolder(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 {
		writePNG(t, filepath.Join(dir, strconv.Itoa(8+i)+".png"), grey(4+i, 6, uint8(i)))
	}
	broken := filepath.Join(dir, "10.png")
	require.NoError(t, os.WriteFile(broken, []byte("text"), 0o644))
	r, err := OpenFrames(t.Context(), dir, Selection{})
	require.NoError(t, err)
	require.Equal(t, FrameInfo{Format: "folder", Width: 6, Height: 4, Frames: 5}, r.Info())
	frames, end := readAll(r)
	require.Equal(t, io.EOF, end)
	require.Len(t, frames, 5)
	for i, f := range frames {
		require.Equal(t, i, f.Index)
		require.True(t, math.IsNaN(f.Time))
		if i == 2 {
			require.EqualError(t, f.Err, broken+": not an image: neither JPEG, PNG, GIF, WebP nor BMP")
			continue
		}
		require.NoError(t, f.Err)
		require.Equal(t, grey(4+i, 6, uint8(i)), f.Frames)
	}
	r, err = OpenFrames(t.Context(), dir, Selection{Every: 3})
	require.NoError(t, err)
	frames, _ = readAll(r)
	require.Equal(t, []int{0, 3}, []int{frames[0].Index, frames[1].Index})
	_, err = OpenFrames(t.Context(), dir, Selection{FPS: 3})
	require.EqualError(t, err, dir+": the pictures of a folder have no times: select each n-th")
}

// The frames of real videos are as many as ffprobe counts, at its times.
func TestFramesThroughFFmpeg(t *testing.T) {
	for _, name := range []string{"face_noface.mov", "noface_face.mov", "no_face.mp4", "single_face.mp4"} {
		path := shared(t, "h264/"+name)
		probe, err := exec.LookPath("ffprobe")
		if err != nil {
			t.Skip("no ffprobe on the PATH")
		}
		out, err := exec.Command(probe, "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts", "-of", "csv=p=0", path).Output()
		require.NoError(t, err)
		unit, err := exec.Command(probe, "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=time_base", "-of", "csv=p=0", path).Output()
		require.NoError(t, err)
		per, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(string(unit)), "1/"), 64)
		require.NoError(t, err)
		var want []float64
		for line := range strings.Lines(string(out)) {
			if field, _, _ := strings.Cut(strings.TrimSpace(line), ","); field != "" {
				pts, err := strconv.ParseFloat(field, 64)
				require.NoError(t, err)
				want = append(want, pts/per)
			}
		}
		r, err := OpenFrames(t.Context(), path, Selection{})
		require.NoError(t, err)
		frames, end := readAll(r)
		require.Equal(t, io.EOF, end, name)
		require.Len(t, frames, len(want))
		require.InDeltaSlice(t, want, times(frames), 1e-9)
		for i, f := range frames {
			require.Equal(t, i, f.Index)
			require.NoError(t, f.Err)
		}
		t.Log(name, len(frames), want[len(want)-1])

		// What ffmpeg leaves out is what the chooser would.
		sel := Selection{FPS: 7, Every: 2, Start: want[20] - 0.001, End: want[60]}
		chosen := chooser{Selection: sel}
		var index []int
		for i, time := range want {
			if !chosen.past(time) && chosen.take(i, time) {
				index = append(index, i)
			}
		}
		r, err = OpenFrames(t.Context(), path, sel)
		require.NoError(t, err)
		selected, end := readAll(r)
		require.Equal(t, io.EOF, end)
		require.Len(t, selected, len(index))
		for i, f := range selected {
			require.Equal(t, index[i], f.Index, name)
			require.Equal(t, frames[f.Index], f)
		}
	}
}

func TestClock(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct{ times, want []float64 }{
		{[]float64{0, 1, 2}, []float64{0, 1, 2}},
		{[]float64{0.5, 0.5, 0.4, 0.6}, []float64{0.5, 0.5, 0.5, 0.6}},
		{[]float64{-2, -1, 3}, []float64{0, 1, 5}},
		{[]float64{nan, nan, 1, nan, 2}, []float64{0, 0, 1, 1, 2}},
		{[]float64{1, math.Inf(1), 2}, []float64{1, 1, 2}},
	} {
		var clock clock
		var got []float64
		for _, time := range c.times {
			got = append(got, clock.tick(time))
		}
		require.Equal(t, c.want, got)
	}
	require.True(t, math.IsNaN((&clock{}).tick(untimed)))
}

func TestSelection(t *testing.T) {
	for _, c := range []struct {
		sel   Selection
		times string // of frames 0.1 s apart, times 10
	}{
		{Selection{}, "0 1 2 3 4 5 6 7 8 9"}, {Selection{Every: 1}, "0 1 2 3 4 5 6 7 8 9"}, {Selection{Every: 4}, "0 4 8"},
		{Selection{FPS: 10}, "0 1 2 3 4 5 6 7 8 9"}, {Selection{FPS: 99}, "0 1 2 3 4 5 6 7 8 9"}, {Selection{FPS: 5}, "0 2 4 6 8"},
		{Selection{FPS: 4}, "0 3 5 8"}, {Selection{FPS: 0.5}, "0"}, {Selection{Start: 0.3, End: 0.6}, "3 4 5"},
		{Selection{Start: 0.25, FPS: 5}, "3 5 7 9"}, {Selection{Every: 2, FPS: 5}, "0 2 4 6 8"}, {Selection{Every: 3, Start: 0.1}, "3 6 9"},
	} {
		chosen := chooser{Selection: c.sel}
		var got []string
		for i := range 10 {
			if time := float64(i) / 10; !chosen.past(time) && chosen.take(i, time) {
				got = append(got, strconv.Itoa(i))
			}
		}
		require.Equal(t, c.times, strings.Join(got, " "), "%+v", c.sel)
	}
	rounded := chooser{Selection: Selection{FPS: 30}} // to milliseconds, as in WebM
	for i := range 100 {
		require.True(t, rounded.take(i, math.Round(float64(i)/30*1000)/1000))
	}
	for _, bad := range []Selection{{FPS: -1}, {Every: -1}, {Start: -1}, {End: -1}, {FPS: math.NaN()}, {End: math.Inf(1)}} {
		_, err := OpenFrames(t.Context(), "x", bad)
		require.EqualError(t, err, "frames a second, the step, the start and the end of a selection are numbers from 0", "%+v", bad)
	}
	_, err := OpenFrames(t.Context(), "x", Selection{Start: 2, End: 2})
	require.EqualError(t, err, "the end of a selection comes after its start")
	_, err = OpenFrames(t.Context(), "testdata/images/animated.gif", Selection{Start: 100})
	require.ErrorContains(t, err, "testdata/images/animated.gif: nothing is in the selection: of 6 frames, the last is at ")
}

// The frames of a GIF are those that Open has, whether they come from a file or a stream.
func TestFramesOfAGIF(t *testing.T) {
	for _, path := range []string{
		"testdata/images/animated.gif", "testdata/images/single.gif", shared(t, "clips_unlabelled/classroom.gif"),
	} {
		sample, m, err := Open(t.Context(), path, OpenOptions{})
		require.NoError(t, err)
		whole, err := sample.Read(t.Context(), allOf(sample.Len()))
		require.NoError(t, err)
		fromFile, err := OpenFrames(t.Context(), path, Selection{})
		require.NoError(t, err)
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		fromStream, err := ReadFrames(t.Context(), "stdin", f, Selection{})
		require.NoError(t, err)
		for _, r := range []*FrameReader{fromFile, fromStream} {
			require.Equal(t, m == Image, r.Info().Still)
			require.Equal(t, []int{whole.W, whole.H}, []int{r.Info().Width, r.Info().Height})
			frames, end := readAll(r)
			require.Equal(t, io.EOF, end)
			require.Len(t, frames, sample.Len())
			for i, f := range frames {
				require.Equal(t, whole.Frame(i), f.Pix)
				require.Equal(t, i, f.Index)
			}
			require.True(t, slices.IsSorted(times(frames)))
		}
	}
}
