package face

import (
	"math/cmplx"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// seconds are times of frames, 25 a second.
func seconds(n int) (times []float64) {
	for i := range n {
		times = append(times, float64(i)/25)
	}
	return times
}

// The person of a clip is in most frames, and of several the largest, in whatever order faces are found.
func TestMain(t *testing.T) {
	small, large, brief := at(100, 100, 40), at(300, 100, 41), at(500, 100, 90)
	frames := [][]Face{{brief, large}, {small, large}, {}, {large, small}, {small}, {brief, small}, {large}}
	var widths []float64
	for _, f := range Main(frames, seconds(7)) {
		if f == nil {
			widths = append(widths, 0)
		} else {
			widths = append(widths, f.Width)
		}
	}
	require.Equal(t, []float64{41, 41, 0, 41, 0, 0, 41}, widths)
	require.Equal(t, make([]*Face, 3), Main(make([][]Face, 3), seconds(3)))
}

// Crops between two that are known lie on the way, and those at the ends are as the next known one; the mean leaves unknown ones out.
func TestPlacementsOfAClip(t *testing.T) {
	place := func(x float64) *data.Placement {
		return &data.Placement{Middle: complex(x, 50), Right: 1000, Down: 1000i}
	}
	found := []*data.Placement{nil, place(10), nil, nil, nil, place(18), nil}
	times := []float64{0, 100, 200, 300, 400, 500, 600} // so far apart that nothing is smoothed
	for i, p := range SteadyPlacements(found, times) {
		require.InDelta(t, []float64{10, 10, 12, 14, 16, 18, 18}[i], real(p.Middle), 1e-9, i)
		require.InDelta(t, 0, cmplx.Abs(p.Right-1000), 1e-9)
	}
	var steady Steady
	steady.Next(0, *place(10))
	close := SteadyPlacements([]*data.Placement{place(10), place(18)}, seconds(2))
	require.Equal(t, steady.Next(0.04, *place(18)), close[1])
	require.Equal(t, data.Placement{Middle: 14 + 50i, Right: 1000, Down: 1000i}, MeanPlacement(found))
}
