package face

import (
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// around is the placement of a crop 100 pixels wide, shaken.
func around(at complex128, shake func() complex128) data.Placement {
	right := 50 + shake()
	return data.Placement{Middle: at + shake(), Right: right, Down: 1i * right}
}

func still() complex128 { return 0 }

// A crop of a face that keeps still shakes a fourth as much at 30 frames a second, and goes nowhere.
func TestSteady(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	shake := func() complex128 { return complex(rng.NormFloat64(), rng.NormFloat64()) / 2 }
	var s Steady
	raw, calmed, mean := 0., 0., complex128(0)
	const n = 600
	for i := range n {
		found := around(200+100i, shake)
		got := s.Next(float64(i)/30, found)
		if i == 0 {
			require.Equal(t, found, got)
		}
		raw += cmplx.Abs(found.Middle-200-100i) + cmplx.Abs(found.Right-50)
		calmed += cmplx.Abs(got.Middle-200-100i) + cmplx.Abs(got.Right-50)
		mean += got.Middle / n
		require.Equal(t, 1i*got.Right, got.Down)
	}
	require.Less(t, calmed, raw/3)
	require.InDelta(t, 0, cmplx.Abs(mean-200-100i), 0.1)
}

// It takes the same time at any number of frames a second: after 0.3 seconds, 1/e of a small step is left.
func TestSteadyTime(t *testing.T) {
	for _, fps := range []float64{10, 30, 120} {
		var s Steady
		s.Next(0, around(0, still))
		var got data.Placement
		for i := range int(0.3*fps + 0.5) {
			got = s.Next(float64(i+1)/fps, around(3, still))
		}
		require.InDelta(t, 3*(1-0.3679), real(got.Middle), 1e-3, fps)
	}
}

// A face that moves, turns or comes nearer is followed within a twentieth of its size, and one that jumps at once.
func TestSteadyMoves(t *testing.T) {
	var s Steady
	for i := range 100 {
		right := cmplx.Rect(50+float64(i), float64(i)/20)
		found := data.Placement{Middle: complex(10*float64(i), 5), Right: right, Down: 1i * right}
		got := s.Next(float64(i)/30, found)
		corners := got.Corners()
		for k, z := range found.Corners() {
			require.LessOrEqual(t, cmplx.Abs(corners[k]-z), 0.0501*2*cmplx.Abs(right))
		}
	}
}
