package face

import (
	"math"
	"math/cmplx"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// placed is a face whose points are those of a crop, in a given placement.
func placed(p data.Placement, points []data.Point) (f Face) {
	for i, q := range points {
		z := p.At(q.X, q.Y)
		f.Points[i] = Point{real(z), imag(z)}
	}
	return f
}

func requireNear(t *testing.T, want, got data.Placement, by float64) {
	t.Helper()
	corners := got.Corners()
	for i, z := range want.Corners() {
		require.InDelta(t, 0, cmplx.Abs(z-corners[i]), by, "corner %d of %v, which is to be %v", i, got, want)
	}
}

// Crops lie where the points of a face are at their places, however it is turned.
func TestPlace(t *testing.T) {
	for _, degrees := range []float64{0, 20, -75, 180} {
		right := cmplx.Rect(40, degrees*math.Pi/180)
		want := data.Placement{Middle: 80 + 70i, Right: right, Down: 1i * right}
		got, err := Drawn.Place(placed(want, seenAt), 100, 200)
		require.NoError(t, err)
		requireNear(t, want, got, 1e-9)
		closer := placed(want, drawnAt)
		closer.Middle = true
		got, err = Drawn.Place(closer, 100, 200)
		require.NoError(t, err)
		requireNear(t, want, got, 1e-9)
		got, err = FivePoint.Place(placed(want, arcFaceAt), 100, 200)
		require.NoError(t, err)
		requireNear(t, want, got, 1e-9)

		eyes := placed(want, []data.Point{{X: 0.3, Y: 0.2}, {X: 0.7, Y: 0.2}})
		eyes.Box = Box{X: 50, Y: 30, Width: 60, Height: 80}
		got, err = BoxRotate.Place(eyes, 100, 200)
		require.NoError(t, err)
		requireNear(t, data.Placement{Middle: 80 + 70i, Right: right * 30 / 40, Down: 1i * right}, got, 1e-9)
	}
	whole, err := None.Place(Face{}, 100, 200)
	require.NoError(t, err)
	require.Equal(t, [4]complex128{0, 200, 100i, 200 + 100i}, whole.Corners())
}

// ArcFace's template is in the middle of its crop, 112 of 145.6 pixels.
func TestFivePointMargin(t *testing.T) {
	var f Face
	for i, q := range [][2]float64{{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}, {41.5493, 92.3655}, {70.7299, 92.2041}} {
		f.Points[i] = Point{q[0], q[1]}
	}
	p, err := FivePoint.Place(f, 112, 112)
	require.NoError(t, err)
	requireNear(t, data.Placement{Middle: 56 + 56i, Right: 72.8, Down: 72.8i}, p, 1e-9)
}

// A box that is not turned is cut out and stretched as it is, and no crop leaves frames alone.
func TestCropFrames(t *testing.T) {
	f := data.Resize(picture(t, "portrait"), 90, 120)
	flat := Face{Box: Box{X: 20, Y: 10, Width: 60, Height: 40}, Points: [5]Point{{X: 30, Y: 20}, {X: 50, Y: 20}}}
	got, err := BoxRotate.Frames(f, flat, 60)
	require.NoError(t, err)
	want := data.ResizeBox(f, data.Box{X: 20, Y: 10, W: 60, H: 40}, 60, 60, data.Bilinear)
	for i, v := range want.Pix {
		require.InDelta(t, float64(v), float64(got.Pix[i]), 25, "edges go on within the box alone")
		if x, y := i/3%60, i/180; x > 1 && x < 58 && y > 1 && y < 58 {
			require.InDelta(t, float64(v), float64(got.Pix[i]), 1.01)
		}
	}
	same, err := None.Frames(f, flat, 60)
	require.NoError(t, err)
	require.Same(t, f, same)
}

// What is no face, and no crop, is refused.
func TestCropRefuses(t *testing.T) {
	for _, c := range []Crop{Drawn, FivePoint} {
		_, err := c.Place(Face{}, 10, 10)
		require.ErrorContains(t, err, "no face")
		_, err = c.Frames(data.NewFrames(1, 10, 10), Face{}, 20)
		require.ErrorContains(t, err, "no face")
		require.False(t, c.Holds(Face{}, 10, 10))
	}
	_, err := Crop("round").Place(Face{}, 10, 10)
	require.EqualError(t, err, `"round" is no crop`)
	_, err = ParseCrop("round")
	require.EqualError(t, err, `"round" is no crop: choose one of none, eyes-nose, box-rotation, five-point`)
	for _, name := range data.CropNames {
		got, err := ParseCrop(name)
		require.NoError(t, err)
		_, err = got.Place(placed(data.Whole(60, 60), arcFaceAt), 60, 60)
		require.NoError(t, err)
	}
}

// best is the face that is found first in a picture.
func best(t *testing.T, f *data.Frames) Face {
	found, err := own(t).Detect(f, DefaultOptions)
	require.NoError(t, err)
	require.NotEmpty(t, found[0])
	return found[0][0]
}

// A picture that was cut out is known as that, and one with more around the face is not.
func TestHolds(t *testing.T) {
	wide := data.NewFrames(1, 240, 320)
	for y, portrait := 0, picture(t, "portrait"); y < portrait.H; y++ {
		copy(wide.Pix[((y+60)*320+90)*3:], portrait.Pix[y*portrait.W*3:][:portrait.W*3])
	}
	require.True(t, None.Holds(Face{}, 240, 320))
	for _, c := range []Crop{Drawn, BoxRotate, FivePoint} {
		f := best(t, wide)
		require.False(t, c.Holds(f, wide.H, wide.W), c)
		for _, size := range []int{64, 112, 160} {
			cut, err := c.Frames(wide, f, size)
			require.NoError(t, err)
			require.True(t, c.Holds(best(t, cut), size, size), "%s at %d: %+v", c, size, best(t, cut))
			turned := best(t, cut)
			turned.Points[LeftEye], turned.Points[RightEye] = turned.Points[RightEye], turned.Points[LeftEye]
			require.False(t, c.Holds(turned, size, size), c)
		}
	}
	square := placed(data.Placement{Middle: 50 + 50i, Right: 50, Down: 50i}, seenAt)
	require.True(t, Drawn.Holds(square, 100, 100))
	require.False(t, Drawn.Holds(square, 300, 100), "a crop in width alone")
	require.False(t, Drawn.Holds(square, 100, 300), "a crop in height alone")
}
