package data

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data/avi"
)

// y4mOf is a Y4M of 2×2 grey frames.
func y4mOf(greys string) string {
	var b strings.Builder
	b.WriteString("YUV4MPEG2 W2 H2 F10:1 Cmono XCOLORRANGE=FULL\n")
	for _, c := range greys {
		b.WriteString("FRAME\n" + strings.Repeat(string(c), 4))
	}
	return b.String()
}

func TestFramesOfAY4M(t *testing.T) {
	const video = "abcdef"
	path := write(t, "a.y4m", []byte(y4mOf(video)))
	t.Setenv("PATH", "") // without ffmpeg
	for _, c := range []struct {
		sel  Selection
		want string
	}{{Selection{}, video}, {Selection{Every: 2}, "ace"}, {Selection{Start: 0.2, End: 0.4}, "cd"}, {Selection{FPS: 5, Start: 0.1}, "bdf"}} {
		fromFile, err := OpenFrames(t.Context(), path, c.sel)
		require.NoError(t, err)
		info := FrameInfo{Format: "Y4M", Width: 2, Height: 2, FPS: 10}
		fromStream, err := ReadFrames(t.Context(), "stdin", strings.NewReader(y4mOf(video)), c.sel)
		require.NoError(t, err)
		require.Equal(t, info, fromStream.Info())
		info.Frames, info.Duration = 6, 0.6
		require.Equal(t, info, fromFile.Info())
		for _, r := range []*FrameReader{fromFile, fromStream} {
			frames, end := readAll(r)
			require.Equal(t, io.EOF, end)
			got := ""
			for _, f := range frames {
				require.Equal(t, grey(2, 2, f.Pix[0]), f.Frames)
				require.InDelta(t, float64(f.Index)/10, f.Time, 1e-12)
				got += string(f.Pix[0])
			}
			require.Equal(t, c.want, got)
		}
	}
	sample, m, err := Open(t.Context(), path, OpenOptions{H: 1, W: 3})
	require.NoError(t, err)
	require.Equal(t, Video, m)
	require.Equal(t, 6, sample.Len())

	whole := y4mOf(video)
	for cut, at := range map[int]string{2: "0.500", 7: "0.400"} { // bytes: in the pixels of the last frame, in its mark
		r, err := ReadFrames(t.Context(), "stdin", strings.NewReader(whole[:len(whole)-cut]), Selection{})
		require.NoError(t, err)
		seen, end := walkFrames(r)
		require.Len(t, seen, 5)
		require.EqualError(t, end, "stdin: damaged after 5 frames, at "+at+" s: the file ends too early")
	}

	for video, want := range map[string]string{
		"YUV4MPEG2 W2\n":                 "a Y4M without a size",
		"YUV4MPEG2 W9000 H9000\n":        "9000×9000 pixels are more than the limit of 64000000",
		"YUV4MPEG2 W2 H2 C420p10\nFRAME": "reading a video needs ffmpeg, which is not on the PATH: install it, or extract the frames into a folder",
		y4mOf(""):                        "no frames in this file",
		y4mOf("a")[:50]:                  "the file ends too early",
	} {
		path := write(t, "a.y4m", []byte(video))
		_, err := OpenFrames(t.Context(), path, Selection{})
		require.EqualError(t, err, path+": "+want)
		_, err = ReadFrames(t.Context(), "stdin", strings.NewReader(video), Selection{})
		require.EqualError(t, err, "stdin: "+want)
	}
}

// motionJPEG is an AVI of 16×8 grey frames at ten a second; an empty one repeats its predecessor, and 0 is damaged.
func motionJPEG(t testing.TB, greys ...int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.avi")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	w, err := avi.NewWriter(f, 16, 8, 10, 1)
	require.NoError(t, err)
	for _, v := range greys {
		b := []byte{}
		switch {
		case v > 0:
			b = greyJPEG(t, 16, 8, uint8(v))
		case v == 0:
			b = greyJPEG(t, 16, 8, 1)
			clear(b[20:])
		}
		require.NoError(t, w.Frame(b))
	}
	require.NoError(t, w.Close())
	return path
}

func greyJPEG(t testing.TB, w, h int, v uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = v
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}

// walkFrames tells the first sample of each frame, with its index and time, or what is damaged of it.
func walkFrames(r *FrameReader) (seen []string, end error) {
	frames, end := readAll(r)
	for _, f := range frames {
		if f.Err != nil {
			seen = append(seen, fmt.Sprintf("%d %.1f %v", f.Index, f.Time, f.Err))
		} else {
			seen = append(seen, fmt.Sprintf("%d %.1f %d", f.Index, f.Time, f.Pix[0]))
		}
	}
	return seen, end
}

func TestFramesOfAnAVI(t *testing.T) {
	path := motionJPEG(t, 40, 0, 80, -1, 120)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	t.Setenv("PATH", "") // without ffmpeg
	fromFile, err := OpenFrames(t.Context(), path, Selection{})
	require.NoError(t, err)
	fromStream, err := ReadFrames(t.Context(), "stdin", bytes.NewReader(whole), Selection{})
	require.NoError(t, err)
	for _, r := range []*FrameReader{fromFile, fromStream} {
		require.Equal(t, FrameInfo{Format: "Motion JPEG in AVI", Width: 16, Height: 8, Frames: 5, Duration: 0.5, FPS: 10}, r.Info())
		seen, end := walkFrames(r)
		require.Equal(t, io.EOF, end)
		require.Len(t, seen, 4)
		require.Contains(t, seen[1], "1 0.1 ")
		require.Equal(t, []string{"0 0.0 40", "2 0.2 80", "3 0.4 120"}, append(seen[:1], seen[2:]...))
	}
	_, _, err = Open(t.Context(), path, OpenOptions{})
	require.ErrorContains(t, err, path+": frame 1: ")

	// One that is cut off gives its frames, and then says where; to Open, as to players, it is a shorter video.
	short := write(t, "short.avi", whole[:bytes.LastIndex(whole, []byte("\xFF\xD8"))+20])
	r, err := OpenFrames(t.Context(), short, Selection{})
	require.NoError(t, err)
	seen, end := walkFrames(r)
	require.Len(t, seen, 3)
	require.EqualError(t, end, short+": damaged after 3 frames, at 0.400 s: the file ends too early")
	var cut *CutError
	require.ErrorAs(t, end, &cut)
	require.Equal(t, 3, cut.Frames)
	again, err := r.Next()
	require.Equal(t, end, err, "for good")
	require.Nil(t, again.Frames)
	clean := motionJPEG(t, 40, 80, 120)
	whole, err = os.ReadFile(clean)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(clean, whole[:bytes.LastIndex(whole, []byte("\xFF\xD8"))+20], 0o644))
	sample, m, err := Open(t.Context(), clean, OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, Video, m)
	require.Equal(t, 2, sample.Len())
}

// What is no JPEG of the header's size is damaged; what no header may claim is refused.
func TestSizesOfAnAVI(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.avi")
	f, err := os.Create(path)
	require.NoError(t, err)
	w, err := avi.NewWriter(f, 16, 8, 10, 1)
	require.NoError(t, err)
	for _, size := range [][2]int{{16, 8}, {16, 4}, {16, 8}} {
		require.NoError(t, w.Frame(greyJPEG(t, size[0], size[1], 50)))
	}
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	r, err := OpenFrames(t.Context(), path, Selection{})
	require.NoError(t, err)
	seen, end := walkFrames(r)
	require.Equal(t, io.EOF, end)
	require.Equal(t, []string{"0 0.0 50", "1 0.1 16×4 pixels in a video of 16×8", "2 0.2 50"}, seen)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	copy(b[bytes.Index(b, []byte("strf"))+12:], "\x00\x00\x01\x00\x00\x00\x01\x00")
	require.NoError(t, os.WriteFile(path, b, 0o644))
	_, err = OpenFrames(t.Context(), path, Selection{})
	require.EqualError(t, err, path+": 65536×65536 pixels are more than the limit of 64000000")
}

// A video that ffmpeg writes in several formats has the same frames, whether they are decoded here or by ffmpeg.
func TestContainersAgainstFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg on the PATH")
	}
	dir := t.TempDir()
	source := []string{"-v", "error", "-f", "lavfi", "-i", "testsrc2=size=66x50:rate=10:duration=1"}
	for name, c := range map[string]struct {
		args string
		mean float64 // difference, which chroma makes at the edges of these bright colours
	}{
		"mjpeg.avi": {"-c:v mjpeg -q:v 2 -pix_fmt yuvj444p", 2}, "mjpeg420.avi": {"-c:v mjpeg -q:v 2 -pix_fmt yuvj420p", 9},
		"444.y4m": {"-pix_fmt yuv444p", 1.5}, "422.y4m": {"-pix_fmt yuv422p", 7}, "420.y4m": {"-pix_fmt yuv420p", 9},
		"411.y4m": {"-pix_fmt yuv411p", 12}, "full.y4m": {"-pix_fmt yuvj444p -color_range pc", 1.5}, "mono.y4m": {"-pix_fmt gray", 1},
		"ten.y4m": {"-pix_fmt yuv420p10 -strict -1", 0}, "other.avi": {"-c:v huffyuv -pix_fmt yuv422p", 0},
	} {
		path := filepath.Join(dir, name)
		args := append(append(append([]string{}, source...), strings.Fields(c.args)...), path)
		if out, err := exec.Command(ffmpeg, args...).CombinedOutput(); err != nil {
			t.Skipf("this ffmpeg cannot make a test video: %s", out)
		}
		r, err := OpenFrames(t.Context(), path, Selection{})
		require.NoError(t, err)
		require.Equal(t, c.mean == 0, r.Info().Format == "ffmpeg", "%s %v", name, r.Info())
		here, end := readAll(r)
		require.Equal(t, io.EOF, end)
		require.Len(t, here, 10)
		f, err := os.Open(path)
		require.NoError(t, err)
		in := ffmpegInput{path: path}
		there, _, err := newFFmpeg(t.Context(), in, aVideo, Selection{}, standard)
		require.NoError(t, err)
		for i := range 10 {
			at, err := there.advance()
			require.NoError(t, err)
			require.InDelta(t, at.time, here[i].Time, 1e-9)
			want, err := there.decode()
			require.NoError(t, err)
			difference := meanDifference(t, want, here[i].Frames)
			require.LessOrEqual(t, difference, c.mean, name)
		}
		there.close()
		require.NoError(t, f.Close())
	}
}
