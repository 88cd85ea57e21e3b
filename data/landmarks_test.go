package data

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Landmarks of a part of a frame are shares of the part.
func TestCutLandmarks(t *testing.T) {
	var l Landmarks
	l[5], l[67] = Point{0.5, 0.25}, Point{0.1, 0.9}
	cut := l.Cut(Box{X: 10, Y: 4, W: 40, H: 8}, 20, 50)
	require.InDelta(t, (25-10)/40., cut[5].X, 1e-12)
	require.InDelta(t, (5-4)/8., cut[5].Y, 1e-12)
	require.InDelta(t, (5-10)/40., cut[67].X, 1e-12)
	require.InDelta(t, (18-4)/8., cut[67].Y, 1e-12)
	require.Equal(t, Point{0.5, 0.25}, l[5])
}
