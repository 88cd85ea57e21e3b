package data

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// grey is a frame of one value.
func grey(h, w int, v uint8) *Frames {
	f := NewFrames(1, h, w)
	for i := range f.Pix {
		f.Pix[i] = v
	}
	return f
}

// firsts returns the first sample value of each frame.
func firsts(f *Frames) []uint8 {
	var v []uint8
	for t := range f.T {
		v = append(v, f.Frame(t)[0])
	}
	return v
}

func TestFolderIsAVideo(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"001.png", "010.PNG", "002.png", "._003.png"} {
		writePNG(t, filepath.Join(dir, name), grey(4, 6, uint8(i)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644))
	sample, m, err := Open(t.Context(), dir, OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, Video, m)
	require.Equal(t, 3, sample.Len())
	f, err := sample.Read(t.Context(), []int{2, 0, 1, 1})
	require.NoError(t, err)
	require.Equal(t, []uint8{1, 0, 2, 2}, firsts(f))
	require.Equal(t, [3]int{4, 4, 6}, [3]int{f.T, f.H, f.W})
	for _, bad := range [][]int{{3}, {-1}, nil} {
		_, err = sample.Read(t.Context(), bad)
		require.Error(t, err)
	}
}

func TestFolderOfSeveralSizes(t *testing.T) {
	dir := t.TempDir()
	writePNG(t, filepath.Join(dir, "a.png"), grey(4, 6, 1))
	writePNG(t, filepath.Join(dir, "b.png"), grey(8, 8, 2))
	sample, _, err := Open(t.Context(), dir, OpenOptions{})
	require.NoError(t, err)
	_, err = sample.Read(t.Context(), []int{0, 1})
	require.EqualError(t, err, filepath.Join(dir, "b.png")+": 8×8 pixels, but the video's other frames have 6×4")

	sample, _, err = Open(t.Context(), dir, OpenOptions{H: 3, W: 2})
	require.NoError(t, err)
	f, err := sample.Read(t.Context(), []int{0, 1})
	require.NoError(t, err)
	require.Equal(t, [3]int{2, 3, 2}, [3]int{f.T, f.H, f.W})
	require.Equal(t, []uint8{1, 2}, firsts(f))
}

func TestBadFolders(t *testing.T) {
	dir := t.TempDir()
	_, _, err := Open(t.Context(), dir, OpenOptions{})
	require.EqualError(t, err, dir+": no images (*.jpg, *.jpeg, *.png, *.bmp, *.webp) in this folder")
	_, _, err = Open(t.Context(), filepath.Join(dir, "missing"), OpenOptions{})
	require.EqualError(t, err, filepath.Join(dir, "missing")+": no such file or directory")

	broken := filepath.Join(dir, "0.jpg")
	require.NoError(t, os.WriteFile(broken, []byte("text"), 0o644))
	sample, _, err := Open(t.Context(), dir, OpenOptions{})
	require.NoError(t, err)
	_, err = sample.Read(t.Context(), []int{0})
	require.EqualError(t, err, broken+": not an image: neither JPEG, PNG, GIF, WebP nor BMP")
}

func TestReadIsBounded(t *testing.T) {
	sample := inMemory("video", []*Frames{grey(1000, 1000, 0)})
	_, err := sample.Read(t.Context(), make([]int, 200))
	require.EqualError(t, err, "video: 200 frames of 1000×1000 pixels are more than the limit of 512 MiB; read fewer or smaller ones")
}

func TestImageIsResizedOnOpening(t *testing.T) {
	sample, m, err := Open(t.Context(), "testdata/resize/source.png", OpenOptions{H: 96, W: 80})
	require.NoError(t, err)
	require.Equal(t, Image, m)
	f, err := sample.Read(t.Context(), []int{0})
	require.NoError(t, err)
	require.Equal(t, readPNG(t, "resize/80x96.png"), f)
}

// fakeFFmpeg puts a shell script named ffmpeg alone on the PATH.
func fakeFFmpeg(t *testing.T, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for ffmpeg is a shell script")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir)
}

func TestVideoWithoutFFmpeg(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	path := write(t, "a.MP4", nil)
	_, _, err := Open(t.Context(), path, OpenOptions{})
	require.EqualError(t, err, path+": reading a video needs ffmpeg, which is not on the PATH: install it, or extract the frames into a folder")
}

func TestVideoThroughFFmpeg(t *testing.T) {
	const frame = `printf 'P6\n2 1\n255\nabcdef'` + "\n"
	for _, c := range []struct {
		script, want string // the first samples, or the error
	}{
		{frame + frame, "[97 97]"},
		{frame + "echo late damage >&2; exit 1", "[97]"},
		{`case "$*" in *fps_mode*) echo "Unrecognized option 'fps_mode'." >&2; exit 1;; esac` + "\n" + frame, "[97]"},
		{"echo first >&2; echo 'moov atom not found' >&2; exit 1", "ffmpeg: moov atom not found"},
		{"exit 3", "ffmpeg: exit status 3"},
		{"exit 0", "ffmpeg found no frame in this file"},
		{`printf 'P6\n100000 100000\n255\n'`, "frames of 100000×100000 pixels (255 levels); the limit is 64000000 pixels of 255 levels"},
		{frame + `printf 'P6\n1 1\n255\nabc'`, "frame 1 has 1×1 pixels, the first 2×1"},
		{`printf 'no image'`, "unexpected output of ffmpeg: input does not match format"},
		{frame + `printf 'P6\n2 1\n255\nabc'; echo killed >&2; exit 1`, "ffmpeg: killed"},
	} {
		fakeFFmpeg(t, c.script)
		path := write(t, "a.webm", nil)
		sample, m, err := Open(t.Context(), path, OpenOptions{})
		if !strings.HasPrefix(c.want, "[") {
			require.EqualError(t, err, path+": "+c.want, c.script)
			continue
		}
		require.NoError(t, err, c.script)
		require.Equal(t, Video, m)
		f, err := sample.Read(t.Context(), allOf(sample.Len()))
		require.NoError(t, err)
		require.Equal(t, c.want, fmt.Sprint(firsts(f)), c.script)
	}
}

func TestVideoLengthIsBounded(t *testing.T) {
	stream := strings.Repeat("P6\n2 1\n255\nabcdef", 10)
	for _, lim := range []limits{{pixels: 2, bytes: 59, frames: 10}, {pixels: 2, bytes: 60, frames: 9}} {
		_, err := readPPMs(bufio.NewReader(strings.NewReader(stream)), OpenOptions{}, lim)
		require.ErrorContains(t, err, "the video is longer than the limit of")
	}
	frames, err := readPPMs(bufio.NewReader(strings.NewReader(stream)), OpenOptions{H: 1, W: 1}, limits{pixels: 2, bytes: 30, frames: 10})
	require.NoError(t, err)
	require.Len(t, frames, 10)
}

// A video that ffmpeg itself made: 10 frames in time, the size asked for.
func TestVideoWithRealFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg on the PATH")
	}
	path := filepath.Join(t.TempDir(), "-odd name %d.avi")
	out, err := exec.Command(ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1",
		"-c:v", "mjpeg", "file:"+path).CombinedOutput()
	if err != nil {
		t.Skipf("this ffmpeg cannot make a test video: %s", out)
	}
	sample, _, err := Open(t.Context(), path, OpenOptions{H: 24, W: 32})
	require.NoError(t, err)
	require.Equal(t, 10, sample.Len())
	f, err := sample.Read(t.Context(), []int{0, 9})
	require.NoError(t, err)
	require.Equal(t, [3]int{2, 24, 32}, [3]int{f.T, f.H, f.W})

	text := write(t, "text.mp4", []byte("no video"))
	_, _, err = Open(t.Context(), text, OpenOptions{})
	require.ErrorContains(t, err, text+": ffmpeg: ")
	require.NotContains(t, err.Error(), "\n")
}

func FuzzReadPPMs(f *testing.F) {
	f.Add("P6\n2 1\n255\nabcdefP6\n2 1\n255\nghijkl")
	f.Add("P6\n2 1\n255\nabc")
	f.Fuzz(func(t *testing.T, stream string) {
		frames, err := readPPMs(bufio.NewReader(strings.NewReader(stream)), OpenOptions{}, limits{1000, 10_000, 10})
		if err == nil || err == io.ErrUnexpectedEOF {
			for _, frame := range frames {
				require.Len(t, frame.Pix, frame.H*frame.W*3)
			}
		}
	})
}

// A context that ends stops reading between two frames, whatever the format.
func TestEndedContextStopsReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	writePNG(t, filepath.Join(dir, "0.png"), grey(4, 6, 1))
	folder, _, err := Open(ctx, dir, OpenOptions{})
	require.NoError(t, err)
	drawn := NewSample("drawn", 3, OpenOptions{}, func(_ context.Context, i int) (*Frames, error) {
		cancel()
		require.Zero(t, i)
		return grey(4, 6, 1), nil
	})
	_, err = drawn.Read(ctx, []int{0, 1, 2})
	require.ErrorIs(t, err, context.Canceled)
	_, err = folder.Read(ctx, []int{0})
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = Open(ctx, "testdata/images/animated.gif", OpenOptions{})
	require.ErrorIs(t, err, context.Canceled)
}
