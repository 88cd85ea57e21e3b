package face

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// A second look gives the same points of a picture and of its mirror image, wherever the first look had them, and leaves box and score.
func TestCloser(t *testing.T) {
	d, f := own(t), picture(t, "portrait")
	mirror := f.Clone()
	data.Mirror(mirror)
	first, other := best(t, f), best(t, mirror)
	got, err := d.Closer(f, first)
	require.NoError(t, err)
	require.Equal(t, first.Box, got.Box)
	require.Equal(t, first.Score, got.Score)
	require.NotEqual(t, first.Points, got.Points)
	require.True(t, got.Middle)
	back, err := d.Closer(mirror, other)
	require.NoError(t, err)
	eyes := got.Points[RightEye].X - got.Points[LeftEye].X
	for i, q := range got.Points {
		m := back.Points[mirrored[i]]
		require.InDelta(t, q.X, float64(f.W)-m.X, 0.05*eyes, i)
		require.InDelta(t, q.Y, m.Y, 0.05*eyes, i)
		require.InDelta(t, first.Points[i].X, q.X, 0.2*eyes, i)
		require.InDelta(t, first.Points[i].Y, q.Y, 0.2*eyes, i)
	}
	for i, q := range first.Points { // the same crop, mirrored
		other.Points[mirrored[i]] = Point{float64(f.W) - q.X, q.Y}
	}
	back, err = d.Closer(mirror, other)
	require.NoError(t, err)
	for i, q := range got.Points {
		m := back.Points[mirrored[i]]
		require.InDelta(t, q.X, float64(f.W)-m.X, 0.02, i)
		require.InDelta(t, q.Y, m.Y, 0.02, i)
	}
}

// A face that is not found again, or none, stays what it was.
func TestCloserNothing(t *testing.T) {
	d := own(t)
	for _, f := range []Face{{Score: 0.7}, placed(data.Whole(60, 60), seenAt)} {
		got, err := d.Closer(data.NewFrames(1, 60, 60), f)
		require.NoError(t, err)
		require.Equal(t, f, got)
	}
}
