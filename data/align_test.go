package data

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// faceAt returns landmarks whose eyes and nose are where those of an aligned face are after turn, in degrees, scale and move, in pixels of a
// frame of h×w whose aligned face has size pixels.
func faceAt(size, h, w int, degrees, scale float64, move complex128) (l Landmarks) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	put := func(at Point, marks ...int) {
		z := complex(at.X*float64(size), at.Y*float64(size))*complex(scale*cos, scale*sin) + move
		for k, i := range marks { // around the place that they are the middle of
			d := 0.3 * float64(k-len(marks)/2)
			if len(marks)%2 == 0 && k >= len(marks)/2 {
				d += 0.3
			}
			l[i] = Point{(real(z) + d) / float64(w), (imag(z) - 2*d) / float64(h)}
		}
	}
	put(Point{0.295, 0.31}, 36, 37, 38, 39, 40, 41)
	put(Point{0.705, 0.31}, 42, 43, 44, 45, 46, 47)
	put(Point{0.5, 0.6}, 33)
	return l
}

// ramps are frames whose channels grow along x, along y, and with the frame.
func ramps(t, h, w int) *Frames {
	f := NewFrames(t, h, w)
	for i := range f.Pix {
		x, y := i/3%w, i/3/w%h
		f.Pix[i] = uint8([]int{3*x + 10, 2*y + 20, 40 * (i / (3 * w * h))}[i%3])
	}
	return f
}

func align(t *testing.T, f *Frames, l Landmarks, size int) *Frames {
	a, err := NewAlignment(l, f.H, f.W, size)
	require.NoError(t, err)
	out := a.Frames(f)
	require.Equal(t, []int{f.T, size, size}, []int{out.T, out.H, out.W})
	return out
}

// Landmarks of which only eyes and nose are known align a face as those do.
func TestLandmarksAt(t *testing.T) {
	places := [3]Point{{0.1, 0.2}, {0.5, 0.3}, {0.4, 0.7}}
	for i, got := range anchors(LandmarksAt(places[0], places[1], places[2])) {
		require.InDelta(t, places[i].X, got.X, 1e-12)
		require.InDelta(t, places[i].Y, got.Y, 1e-12)
	}
}

// A face that is aligned stays as it is, one that has moved comes back, and so does one that is upside down.
func TestAlignMoved(t *testing.T) {
	f := ramps(2, 30, 30)
	require.Equal(t, f.Pix, align(t, f, faceAt(30, 30, 30, 0, 1, 0), 30).Pix)

	wide := ramps(2, 40, 60)
	cut := align(t, wide, faceAt(30, 40, 60, 0, 1, 14+7i), 30)
	for i, got := range cut.Pix {
		x, y, frame := i/3%30, i/3/30%30, i/2700
		require.Equal(t, wide.Frame(frame)[((y+7)*60+x+14)*3+i%3], got)
	}

	over := align(t, f, faceAt(30, 30, 30, 180, 1, 30+30i), 30)
	for i, got := range over.Pix {
		y, x, frame := 29-i/3/30%30, 29-i/3%30, i/2700
		require.Equal(t, f.Frame(frame)[(y*30+x)*3+i%3], got)
	}
}

// Turned and scaled faces are read between pixels, and beyond the frame its edges go on.
func TestAlignTurned(t *testing.T) {
	f := ramps(1, 60, 70)
	const degrees, scale, move = 20, 1.25, complex(18, -6)
	out := align(t, f, faceAt(32, 60, 70, degrees, scale, move), 32)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	outside := 0
	for y := range 32 {
		for x := range 32 {
			z := complex(float64(x)+0.5, float64(y)+0.5)*complex(scale*cos, scale*sin) + move
			at := func(v float64, n int) float64 { return min(max(v-0.5, 0), float64(n-1)) }
			if imag(z) < 0 {
				outside++
			}
			got := out.Pix[(y*32+x)*3:]
			require.InDelta(t, 3*at(real(z), 70)+10, float64(got[0]), 1.6, "x %d y %d", x, y) // resized by 4/5 first
			require.InDelta(t, 2*at(imag(z), 60)+20, float64(got[1]), 1.6, "x %d y %d", x, y)
		}
	}
	require.Greater(t, outside, 20)

	edges := NewFrames(1, 3, 30) // neighbours that differ
	for x := range 30 {
		for y := range 3 {
			edges.Pix[(y*30+x)*3] = uint8(x * x * 41)
		}
	}
	between := align(t, edges, faceAt(30, 3, 30, 0, 1, -0.25), 30)
	for x := 1; x < 30; x++ {
		left, right := float64(edges.Pix[(x-1)*3]), float64(edges.Pix[x*3])
		require.EqualValues(t, math.Round(left+0.75*(right-left)), between.Pix[(30+x)*3], x)
	}

	double := align(t, f, faceAt(90, 60, 70, 0, 0.5, 5), 90) // twice as large
	require.EqualValues(t, 32, double.Pix[(40*90+5)*3])      // of 31.75: 7.25 pixels between centres
	require.InDelta(t, 59.5, float64(double.Pix[(40*90+5)*3+1]), 0.5)
}

// Small details of a large frame are averaged, not skipped.
func TestAlignReduces(t *testing.T) {
	f := NewFrames(1, 160, 160)
	for i := range f.Pix {
		f.Pix[i] = uint8(255 * ((i/3 + 1) / 2 % 2)) // pairs of columns, in the middle of what becomes one
	}
	out := align(t, f, faceAt(40, 160, 160, 0, 4, 0), 40)
	for i, got := range out.Pix {
		require.InDelta(t, 127.5, float64(got), 10, i) // at the edges there is one column more of a kind
	}
}

// Landmarks that are found in an aligned face are brought back to where they are in the frame.
func TestAlignBack(t *testing.T) {
	face := faceAt(32, 60, 70, 20, 1.25, 18-6i)
	a, err := NewAlignment(face, 60, 70, 40)
	require.NoError(t, err)
	back := a.Back(faceAt(32, 32, 32, 0, 1, 0)) // as it is aligned, but for the spread of its points
	for i, q := range anchors(face) {
		require.InDelta(t, q.X, anchors(back)[i].X, 1e-9)
		require.InDelta(t, q.Y, anchors(back)[i].Y, 1e-9)
	}
	require.InDelta(t, 0, Apart(face, back, 60, 70), 1e-9)
}

// Faces are as far apart as the place that has moved most, in distances of the eyes and in pixels.
func TestApart(t *testing.T) {
	one := faceAt(100, 50, 100, 0, 1, 0) // whose eyes are 41 pixels apart
	other := one
	for i := 36; i < 42; i++ {
		other[i].X += 0.041
	}
	require.InDelta(t, 0.1, Apart(one, other, 50, 100), 1e-9)
	other[33].Y += 0.164
	require.InDelta(t, 0.2, Apart(one, other, 50, 100), 1e-9)
	other[5].Y += 3
	require.InDelta(t, 0.2, Apart(one, other, 50, 100), 1e-9)
}

// Landmarks that are no face are refused.
func TestAlignNoFace(t *testing.T) {
	far := faceAt(30, 30, 30, 0, 1, 0)
	far[33].X = math.NaN()
	for _, l := range []Landmarks{{}, faceAt(30, 30, 30, 0, 1e-4, 0), faceAt(30, 30, 30, 0, 1e4, 0), far} {
		_, err := NewAlignment(l, 30, 30, 30)
		require.EqualError(t, err, "the landmarks are no face: eyes and nose are in one place, or far from each other")
	}
}

// The landmarks of a video are the mean of those of its frames.
func TestMeanLandmarks(t *testing.T) {
	frames := make([]Landmarks, 3)
	for i := range frames {
		frames[i][5], frames[i][67] = Point{float64(i * i), 1}, Point{-2, float64(i)}
	}
	mean := MeanLandmarks(frames)
	require.InDelta(t, 5./3, mean[5].X, 1e-12)
	require.Equal(t, []float64{1, -2, 1, 0}, []float64{mean[5].Y, mean[67].X, mean[67].Y, mean[3].X})
}
