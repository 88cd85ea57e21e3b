package main

import (
	"math/cmplx"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/face/eyes"
)

// In views of both eyes the outer corner is to the left and both are inside, or a little beside it, wherever a view is; a map's mean is at its
// corner.
func TestViews(t *testing.T) {
	drawn, err := draw(4)
	require.NoError(t, err)
	require.Len(t, drawn, 4)
	for step := range 5 {
		views := newViews(drawn, drawn, step)
		require.Len(t, views, 2*batch)
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

// Eyes of a face are seen from the same side: in views of its mirror image they change places.
func TestBothEyes(t *testing.T) {
	drawn, err := draw(1)
	require.NoError(t, err)
	f := drawn[0]
	mirror, across := f.picture.Clone(), func(z complex128) complex128 { return complex(drawnSide-real(z), imag(z)) }
	data.Mirror(mirror)
	c := f.corners
	other := newFace(mirror, [4]complex128{across(c[1][0]), across(c[1][1]), across(c[0][1]), across(c[0][0])}, 0)
	for i := range 2 {
		one := look(f, i, eyes.Place(f.middle(i), f.along, i == 1), eyes.Side)
		same := look(other, 1-i, eyes.Place(other.middle(1-i), other.along, i == 0), eyes.Side)
		for k, v := range one.pixels {
			require.InDelta(t, v, same.pixels[k], 2)
		}
		for k, at := range one.corners {
			require.InDelta(t, 0, cmplx.Abs(at-same.corners[k]), 1e-9)
		}
	}
}

// Every eye is looked for several times, and as often with an eye of its face covered, which changes the picture there and leaves that of the
// face alone.
func TestMeasure(t *testing.T) {
	drawn, err := draw(1)
	require.NoError(t, err)
	l, optimizer := newLearner()
	defer l.close()
	defer optimizer.Free()
	m, err := l.measure(drawn)
	require.NoError(t, err)
	require.Len(t, m.worse, tries)
	require.Len(t, m.each, 4*tries)
	f := drawn[0]
	before := f.picture.Clone()
	for i := range 2 {
		got := f.covered(i, data.Stream(0, "covered", i))
		require.Equal(t, before, f.picture)
		sum := complex128(0)
		n := 0.
		for k := 0; k < len(got.Pix); k += 3 {
			if !slices.Equal(got.Pix[k:k+3], before.Pix[k:k+3]) {
				sum, n = sum+complex(float64(k/3%got.W), float64(k/3/got.W)), n+1
			}
		}
		require.Positive(t, n)
		require.Less(t, f.off(i, sum/complex(n, 0)), 50.)
	}
	require.Equal(t, 2., share([]float64{3, 1, 2}, 0.5))
	require.Equal(t, 3., share([]float64{3, 1, 2}, 1))
}

// A step makes the loss of its views smaller.
func TestStep(t *testing.T) {
	drawn, err := draw(2)
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
