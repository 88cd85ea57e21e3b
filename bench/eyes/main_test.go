package main

import (
	"math/cmplx"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/face/eyes"
)

// within is the inverse of At, also where a placement is slanted.
func TestWithin(t *testing.T) {
	p := data.Placement{Middle: 50 + 30i, Right: 20 + 3i, Down: -5 + 17i}
	for _, at := range []complex128{0, 1, 0.5 + 0.5i, 0.2 + 0.9i} {
		require.InDelta(t, 0, cmplx.Abs(within(p, p.At(real(at), imag(at)))-at), 1e-9)
	}
}

// In views of both eyes the outer corner is to the left and both are inside, or a little beside it, wherever a view is; a map's mean is at its
// corner.
func TestViews(t *testing.T) {
	drawn, err := drawEyes(4)
	require.NoError(t, err)
	require.Len(t, drawn, 8)
	for step := range 5 {
		views := newViews(drawn, drawn, step)
		require.Len(t, views, batch)
		for _, v := range views {
			require.Len(t, v.pixels, eyes.Side*eyes.Side*3)
			require.Less(t, real(v.corners[0])+2, real(v.corners[1]))
			for _, at := range v.corners {
				require.InDelta(t, eyes.Grid/2, real(at), eyes.Grid*3/4)
				require.InDelta(t, eyes.Grid/2, imag(at), eyes.Grid/2)
			}
		}
		require.Equal(t, views, newViews(drawn, drawn, step), "what is random is a function of the step")
	}
	at, mean, sum := 5.3+7.6i, complex128(0), 0.
	for i, w := range narrow(at) {
		mean += complex(float64(w), 0) * centre(i)
		sum += float64(w)
	}
	require.InDelta(t, 1, sum, 1e-5)
	require.InDelta(t, 0, cmplx.Abs(mean-at), 0.02)
}

// A step makes the loss of its views smaller.
func TestStep(t *testing.T) {
	drawn, err := drawEyes(2)
	require.NoError(t, err)
	require.ErrorContains(t, run([]string{"one"}), "usage: eyes LONDON OUT|crossval")
	l, optimizer := newLearner()
	defer l.close()
	defer optimizer.Free()
	views := newViews(drawn, drawn, 0)[:8]
	first, err := l.step(optimizer, views, warmUp)
	require.NoError(t, err)
	last := first
	for range 8 {
		last, err = l.step(optimizer, views, warmUp)
		require.NoError(t, err)
	}
	require.Less(t, last, 0.8*first)
}
