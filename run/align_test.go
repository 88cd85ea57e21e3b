package run

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/drawn"
	"mien/engine/cpu"
	"mien/face"
)

// publishedNet is MobileFaceNet's, which is not part of this repository.
func publishedNet(t *testing.T) *Locator {
	const path = "../../shared/data/models/mobilefacenet_68.xml"
	if _, err := os.Stat(path); err != nil {
		t.Skip("no published weights beside this repository")
	}
	l, err := OpenLocator(path, cpu.New())
	require.NoError(t, err)
	t.Cleanup(l.Close)
	return l
}

func detector(t *testing.T) *face.Detector {
	d, err := face.New(cpu.New())
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// small shows frames in the middle of grey ones that are half as high again and twice as wide.
func small(f *data.Frames) *data.Frames {
	out := data.NewFrames(f.T, f.H+f.H/2, 2*f.W)
	for i := range out.Pix {
		out.Pix[i] = 128
	}
	for t := range f.T {
		for y := range f.H {
			copy(out.Frame(t)[((y+f.H/4)*out.W+f.W/2)*3:], f.Frame(t)[y*f.W*3:][:f.W*3])
		}
	}
	return out
}

// Eyes and nose of drawn faces are brought to where they belong, also those of faces that fill a third of the frame.
func TestAlign(t *testing.T) {
	l, d := publishedNet(t), detector(t)
	set := drawn.Style{Framing: 1}.Images(11, 6, 120)
	for _, item := range set.Items {
		face, err := l.Locate(t.Context(), item)
		require.NoError(t, err)
		tight, err := l.Align(face.Frames, d, 60)
		require.NoError(t, err)
		loose, err := l.Align(small(face.Frames), d, 60)
		require.NoError(t, err)
		aligned := loose.Frames(small(face.Frames))
		require.Equal(t, []int{60, 60}, []int{aligned.H, aligned.W})
		truth := face.Truth[0] // in the middle of the larger frame
		for i, q := range truth {
			truth[i] = data.Point{X: (q.X + 0.5) / 2, Y: (q.Y + 0.25) / 1.5}
		}
		straight, err := data.NewAlignment(truth, 180, 240, 60)
		require.NoError(t, err)
		for _, corner := range []data.Point{{X: 0.2, Y: 0.2}, {X: 0.8, Y: 0.3}, {X: 0.5, Y: 0.9}} {
			var in data.Landmarks
			in[0] = corner
			want, got := straight.Back(in)[0], loose.Back(in)[0]
			first := tight.Back(in)[0]
			require.InDelta(t, want.X, got.X, 0.025, item.Name)
			require.InDelta(t, want.Y, got.Y, 0.025, item.Name)
			require.InDelta(t, want.X, (first.X+0.5)/2, 0.025, item.Name)
			require.InDelta(t, want.Y, (first.Y+0.25)/1.5, 0.025, item.Name)
		}
	}
}

// paste puts a picture into frame 0 of another.
func paste(to, f *data.Frames, x, y int) {
	for row := range f.H {
		copy(to.Pix[((y+row)*to.W+x)*3:], f.Pix[row*f.W*3:][:f.W*3])
	}
}

// A face is found wherever it is in a large picture, and the largest is taken of several.
func TestAlignDetects(t *testing.T) {
	l, d := publishedNet(t), detector(t)
	portrait, err := data.OpenImage(t.Context(), "../face/testdata/portrait.png", data.OpenOptions{})
	require.NoError(t, err)
	alone, err := l.Align(portrait, d, 60)
	require.NoError(t, err)
	for i := range 3 {
		wide := data.NewFrames(1, 320, 400)
		for i := range wide.Pix {
			wide.Pix[i] = 200
		}
		x, y := 20+130*i, 200-90*i
		paste(wide, portrait, x, y)
		paste(wide, data.Resize(portrait, 80, 80), (x+140)%320, (y+120)%240)
		a, err := l.Align(wide, d, 60)
		require.NoError(t, err)
		for _, corner := range []data.Point{{X: 0.2, Y: 0.2}, {X: 0.8, Y: 0.3}, {X: 0.5, Y: 0.9}} {
			want, got := alone.Back(data.Landmarks{corner})[0], a.Back(data.Landmarks{corner})[0]
			require.InDelta(t, float64(x)+100*want.X, 400*got.X, 1, "in pixels, of which the face has 34")
			require.InDelta(t, float64(y)+100*want.Y, 320*got.Y, 1)
		}
	}
}

// Where there is no face, none is found.
func TestAlignNoFace(t *testing.T) {
	l, d := publishedNet(t), detector(t)
	for _, f := range []*data.Frames{data.NewFrames(1, 20, 3000), data.NewFrames(2, 90, 90)} {
		_, err := l.Align(f, d, 60)
		require.ErrorContains(t, err, "no face")
	}
}
