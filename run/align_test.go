package run

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/data/drawn"
	"mien/engine/cpu"
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

// small shows frames in the middle of grey ones that are twice as high and wide.
func small(f *data.Frames) *data.Frames {
	out := data.NewFrames(f.T, 2*f.H, 2*f.W)
	for i := range out.Pix {
		out.Pix[i] = 128
	}
	for t := range f.T {
		for y := range f.H {
			copy(out.Frame(t)[((y+f.H/2)*out.W+f.W/2)*3:], f.Frame(t)[y*f.W*3:][:f.W*3])
		}
	}
	return out
}

// Eyes and nose of drawn faces are brought to where they belong, also those of faces that fill a quarter of the frame.
func TestAlign(t *testing.T) {
	l := publishedNet(t)
	set := drawn.Style{Framing: 1}.Images(11, 6, 120)
	for _, item := range set.Items {
		face, err := l.Locate(t.Context(), item)
		require.NoError(t, err)
		tight, err := l.Align(face.Frames, 60)
		require.NoError(t, err)
		loose, err := l.Align(small(face.Frames), 60)
		require.NoError(t, err)
		truth := face.Truth[0] // in the middle of the larger frame
		for i, q := range truth {
			truth[i] = data.Point{X: (q.X + 0.5) / 2, Y: (q.Y + 0.5) / 2}
		}
		straight, err := data.NewAlignment(truth, 240, 240, 60)
		require.NoError(t, err)
		for _, corner := range []data.Point{{X: 0.2, Y: 0.2}, {X: 0.8, Y: 0.3}, {X: 0.5, Y: 0.9}} {
			var in data.Landmarks
			in[0] = corner
			want, got := straight.Back(in)[0], loose.Back(in)[0]
			first := tight.Back(in)[0]
			require.InDelta(t, want.X, got.X, 0.02, item.Name)
			require.InDelta(t, want.Y, got.Y, 0.02, item.Name)
			require.InDelta(t, want.X, (first.X+0.5)/2, 0.02, item.Name)
			require.InDelta(t, want.Y, (first.Y+0.5)/2, 0.02, item.Name)
		}
	}
}

// Where there is no face, none is found.
func TestAlignNoFace(t *testing.T) {
	l := publishedNet(t)
	for _, f := range []*data.Frames{data.NewFrames(1, 20, 3000), data.NewFrames(2, 90, 90)} {
		_, err := l.Align(f, 60)
		require.ErrorContains(t, err, "no face")
	}
}
