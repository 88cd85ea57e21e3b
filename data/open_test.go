package data

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	require.ErrorContains(t, err, dir+": no images (*.jpg, *.jpeg, *.png, ")
	_, _, err = Open(t.Context(), filepath.Join(dir, "missing"), OpenOptions{})
	require.EqualError(t, err, filepath.Join(dir, "missing")+": no such file or directory")

	broken := filepath.Join(dir, "0.jpg")
	require.NoError(t, os.WriteFile(broken, []byte("text"), 0o644))
	sample, _, err := Open(t.Context(), dir, OpenOptions{})
	require.NoError(t, err)
	_, err = sample.Read(t.Context(), []int{0})
	require.EqualError(t, err, broken+": not an image: neither JPEG, PNG, GIF, WebP nor BMP")
}

// Frames may be read in any order, and again.
func TestFramesAreReadInAnyOrder(t *testing.T) {
	decoded := 0
	sample := NewSample("x", 4, OpenOptions{}, func(_ context.Context, i int) (*Frames, error) {
		decoded++
		return grey(2, 3, uint8(i)), nil
	})
	f, err := sample.Read(t.Context(), []int{2, 0, 2, 3, 2, 2, 2, 1, 1})
	require.NoError(t, err)
	require.Equal(t, []uint8{2, 0, 2, 3, 2, 2, 2, 1, 1}, firsts(f))
	require.Equal(t, 6, decoded, "a repeated frame is not decoded again")
	_, err = sample.Read(t.Context(), []int{3, 3, 3})
	require.NoError(t, err)
	require.Equal(t, 7, decoded)
	_, err = sample.Read(t.Context(), []int{4})
	require.EqualError(t, err, "x: frame 4 asked for, but there are 4")
}

func TestReadIsBounded(t *testing.T) {
	sample := inMemory("video", []*Frames{grey(1000, 1000, 0)})
	_, err := sample.Read(t.Context(), make([]int, 179))
	require.EqualError(t, err, "video: 179 frames of 1000×1000 pixels are more than the limit of 512 MiB; read fewer or smaller ones")
}

func TestImageIsResizedOnOpening(t *testing.T) {
	sample, m, err := Open(t.Context(), "testdata/resize/source.png", OpenOptions{H: 96, W: 80})
	require.NoError(t, err)
	require.Equal(t, Image, m)
	f, err := sample.Read(t.Context(), []int{0})
	require.NoError(t, err)
	require.Equal(t, readPNG(t, "resize/80x96.png"), f)
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

// Limits are what is allowed, and not one more.
func TestLimitsAreAllowed(t *testing.T) {
	source, err := os.ReadFile("testdata/images/rgb.png")
	require.NoError(t, err)
	f := readPNG(t, "images/rgb.png")
	_, _, err = decodeConfig(bytes.NewReader(source), f.W*f.H)
	require.NoError(t, err)
	_, _, err = decodeConfig(bytes.NewReader(source), f.W*f.H-1)
	require.EqualError(t, err, fmt.Sprintf("%d×%d pixels are more than the limit of %d", f.W, f.H, f.W*f.H-1))

	animation, err := os.ReadFile("testdata/images/animated.gif") // 6 frames of 25×18
	require.NoError(t, err)
	frames, err := decodeBytes(t.Context(), animation, OpenOptions{}, limits{pixels: 450, bytes: 8100, frames: 6, work: 2700})
	require.NoError(t, err)
	require.Len(t, frames, 6)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = decodeBytes(ctx, animation, OpenOptions{}, standard)
	require.ErrorIs(t, err, context.Canceled, "between two frames")

	long := write(t, "long.gif", hostileGIF(100_001, 3))
	_, _, err = Open(t.Context(), long, OpenOptions{})
	require.ErrorContains(t, err, "an animation of 100001 frames of 3×3 pixels is more than the limit of 100000 frames")
	first, err := OpenImage(t.Context(), long, OpenOptions{})
	require.NoError(t, err, "its first frame alone")
	want := NewFrames(1, 3, 3)
	copy(want.Pix, []uint8{10, 20, 30})
	require.Equal(t, want, first, "of one pixel, on the canvas of the animation")
	first, err = OpenImage(t.Context(), long, OpenOptions{H: 4, W: 2})
	require.NoError(t, err)
	require.Equal(t, Resize(want, 4, 2), first)
	sample, m, err := Open(t.Context(), write(t, "two.gif", hostileGIF(2, 3)), OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, Video, m)
	require.Equal(t, 2, sample.Len())
	sample, m, err = Open(t.Context(), write(t, "most.gif", hostileGIF(100_000, 3)), OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, Video, m)
	require.Equal(t, 100_000, sample.Len())
	_, _, err = Open(t.Context(), write(t, "odd.gif", append(hostileGIF(0, 3)[:19], 0x99)), OpenOptions{})
	require.ErrorContains(t, err, "damaged GIF")
	_, _, err = Open(t.Context(), write(t, "cut.gif", hostileGIF(2, 3)[:40]), OpenOptions{})
	require.ErrorContains(t, err, "the image is cut off: the file ends too early")
}

func TestFit(t *testing.T) {
	f := grey(4, 6, 7)
	require.Same(t, f, OpenOptions{}.fit(f))
	require.Same(t, f, OpenOptions{H: 4, W: 6}.fit(f))
	require.Equal(t, grey(4, 5, 7), OpenOptions{H: 4, W: 5}.fit(f))
	require.Equal(t, grey(3, 6, 7), OpenOptions{H: 3, W: 6}.fit(f))
}
