package data

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func readPNG(t *testing.T, name string) *Frames {
	t.Helper()
	f, err := OpenImage(t.Context(), filepath.Join("testdata", name), OpenOptions{})
	require.NoError(t, err)
	return f
}

// TestResizeIsPillows compares every byte with what testdata/make_resize.py had Pillow write.
func TestResizeIsPillows(t *testing.T) {
	source := readPNG(t, "resize/source.png")
	for _, size := range [][2]int{{16, 16}, {47, 20}, {20, 61}, {46, 60}, {48, 62}, {80, 96}, {1, 1}, {3, 130}, {200, 2}} {
		w, h := size[0], size[1]
		want := readPNG(t, fmt.Sprintf("resize/%dx%d.png", w, h))
		require.Equal(t, want, Resize(source, h, w), "%d×%d", w, h)
	}
	want := readPNG(t, "resize/crop_5_9_31_41_24x24.png")
	require.Equal(t, want, ResizeBox(source, Box{X: 5, Y: 9, W: 31, H: 41}, 24, 24, Bilinear))
}

func TestResizeToOwnSizeCopies(t *testing.T) {
	source := readPNG(t, "resize/source.png")
	got := Resize(source, source.H, source.W)
	require.Equal(t, source, got)
	got.Pix[0]++
	require.NotEqual(t, source.Pix[0], got.Pix[0])
}

func TestResizeEveryFrameAlone(t *testing.T) {
	video := noise(3, 20, 30)
	got := Resize(video, 11, 13)
	for i := range video.T {
		one := &Frames{T: 1, H: video.H, W: video.W, Pix: video.Frame(i)}
		require.Equal(t, Resize(one, 11, 13).Pix, got.Frame(i))
	}
}

// An image of one colour keeps it: the weights sum to 1 at every size.
func TestResizeKeepsAColour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 70)
		f := NewFrames(1, size.Draw(t, "h"), size.Draw(t, "w"))
		v := rapid.Uint8().Draw(t, "v")
		for i := range f.Pix {
			f.Pix[i] = v
		}
		for _, got := range Resize(f, size.Draw(t, "newH"), size.Draw(t, "newW")).Pix {
			if got != v {
				t.Fatalf("%d became %d", v, got)
			}
		}
	})
}

// A box is cut out of every frame before it is resized, whatever of its size or the new one is also the frame's.
func TestResizeBoxIsCutAndResized(t *testing.T) {
	video := noise(3, 20, 30)
	for _, box := range []Box{{W: 30, H: 20}, {W: 30, H: 12}, {W: 13, H: 20}, {W: 20, H: 20}, {X: 4, Y: 3, W: 20, H: 14}} {
		part := NewFrames(3, box.H, box.W)
		for row := range 3 * box.H {
			at := (row/box.H*20+box.Y+row%box.H)*30 + box.X
			copy(part.Pix[row*box.W*3:][:box.W*3], video.Pix[at*3:])
		}
		require.Equal(t, part, ResizeBox(video, box, box.H, box.W, Bicubic), "%+v", box)
		for _, size := range [][2]int{{20, 30}, {12, 30}, {30, 30}} {
			require.Equal(t, Resize(part, size[0], size[1]), ResizeBox(video, box, size[0], size[1], Bilinear), "%+v to %v", box, size)
		}
	}
}

// The cubic of Keys (1981) with a = −½, on either side and where it ends.
func TestBicubic(t *testing.T) {
	for x, want := range map[float64]float64{
		0: 1, 0.25: 0.8671875, 0.5: 0.5625, 1: 0, 1.25: -0.0703125, 1.5: -0.0625, 2: 0, 2.5: 0,
	} {
		require.Equal(t, [2]float64{want, want}, [2]float64{bicubic(x), bicubic(-x)}, x)
	}
}

// Cubic sums beyond a byte's range, beside an edge, are kept in it.
func TestBicubicKeepsToBytes(t *testing.T) {
	edge := &Frames{T: 1, H: 1, W: 4, Pix: []uint8{0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255}}
	got := ResizeBox(edge, Box{W: 4, H: 1}, 1, 8, Bicubic)
	require.Equal(t, []uint8{0, 255}, []uint8{slices.Min(got.Pix), slices.Max(got.Pix)})
	require.IsNonDecreasing(t, got.Pix)
}

func TestResizeRefusesBoxOutside(t *testing.T) {
	for _, box := range []Box{{0, 0, 0, 1}, {-1, 0, 2, 2}, {1, 0, 4, 1}, {0, 3, 1, 2}} {
		require.Panics(t, func() { ResizeBox(NewFrames(1, 4, 4), box, 2, 2, Bilinear) })
	}
}

func BenchmarkResize448To160(b *testing.B) {
	f := noise(1, 448, 448)
	for b.Loop() {
		Resize(f, 160, 160)
	}
}

// noise is a video of random pixels.
func noise(t, h, w int) *Frames {
	f := NewFrames(t, h, w)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range f.Pix {
		f.Pix[i] = uint8(rng.Uint32())
	}
	return f
}
