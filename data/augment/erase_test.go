package augment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// Boxes have a share of the area and a ratio of the ranges, in every place; the noise is normal, with numbers for each pixel and frame.
func TestEraseDraws(t *testing.T) {
	rng := newRand(2)
	none, small, high, drawn, edges := 0, 0, 0, []float64(nil), [4]int{}
	for range 2000 {
		d := Erase{Probability: 0.75, Area: Range{0.1, 0.3}, Ratio: Range{0.5, 2}, Fill: Noise}.Draw(2, 40, 50, rng).(Erased)
		b := d.Box
		require.Equal(t, Noise, d.Fill)
		require.Len(t, d.Noise, 3*2*b.W*b.H)
		if b == (data.Box{}) {
			none++
			continue
		}
		share, ratio := float64(b.W*b.H)/2000, float64(b.H)/float64(b.W)
		require.True(t, share > 0.09 && share < 0.32 && ratio > 0.44 && ratio < 2.3, "%+v", b)
		require.True(t, b.X >= 0 && b.Y >= 0 && b.X+b.W <= 50 && b.Y+b.H <= 40, "%+v", b)
		if share < 0.2 {
			small++
		}
		if ratio > 1 {
			high++
		}
		for i, at := range []int{b.X, 50 - b.X - b.W, b.Y, 40 - b.Y - b.H} {
			if at == 0 {
				edges[i]++
			}
		}
		drawn = append(drawn, float64(d.Noise[0]), float64(d.Noise[len(d.Noise)-1]))
	}
	require.InDelta(t, 500, none, 80)
	require.InDelta(t, 750, small, 100)
	require.InDelta(t, 750, high, 100)
	for _, n := range edges {
		require.True(t, n > 0 && n < 150, "%d times at an edge", n)
	}
	sum, squares := 0.0, 0.0
	for _, z := range drawn {
		sum, squares = sum+z, squares+z*z
	}
	require.InDelta(t, 0, sum/float64(len(drawn)), 0.08)
	require.InDelta(t, 1, squares/float64(len(drawn)), 0.12)
	zero := erase.Draw(2, 40, 50, rng).(Erased)
	require.Empty(t, zero.Noise)
	for _, size := range [][2]int{{9, 18}, {18, 9}} {
		whole := Erase{Probability: 1, Area: Range{0.5, 0.5}, Ratio: Range{1, 1}, Fill: Zero}.Draw(1, size[0], size[1], rng)
		require.Equal(t, Erased{Fill: Zero}, whole, "no box with a whole side, here 9×9")
	}
}

// A ratio is height over width, other than that of a resized crop, and boxes reach every edge of the frame but no further.
func TestEraseShapes(t *testing.T) {
	for _, c := range []struct {
		ratio float64
		w, h  int
	}{{4, 8, 32}, {1, 16, 16}, {1.0 / 4, 32, 8}} {
		rng, first, last := newRand(3), data.Box{X: 50, Y: 40, W: c.w, H: c.h}, data.Box{W: c.w, H: c.h}
		for range 1000 {
			b := Erase{Probability: 1, Area: Range{0.128, 0.128}, Ratio: Range{c.ratio, c.ratio}, Fill: Zero}.Draw(1, 40, 50, rng).(Erased).Box
			require.Equal(t, data.Box{X: b.X, Y: b.Y, W: c.w, H: c.h}, b)
			first.X, first.Y, last.X, last.Y = min(first.X, b.X), min(first.Y, b.Y), max(last.X, b.X), max(last.Y, b.Y)
		}
		require.Equal(t, data.Box{W: c.w, H: c.h}, first)
		require.Equal(t, data.Box{X: 50 - c.w, Y: 40 - c.h, W: c.w, H: c.h}, last)
	}
}

// A box is overwritten in all frames, and nothing else.
func TestEraseFills(t *testing.T) {
	box, f := data.Box{X: 2, Y: 1, W: 3, H: 4}, noise(2, 7, 6)
	for i := range f.Pix {
		f.Pix[i] |= 1 // nothing is black
	}
	inside := func(i int) bool { // pixel i of all frames
		x, y := i%6, i/6%7
		return x >= 2 && x < 5 && y >= 1 && y < 5
	}
	black := Erased{Box: box, Fill: Zero}
	bytes, planes := black.Apply(f.Clone().View()), black.Apply(floats(f.View()))
	require.Equal(t, bytes.Planar(), planes.Floats)
	for i := range 2 * 7 * 6 {
		if inside(i) {
			require.Equal(t, []uint8{0, 0, 0}, bytes.Bytes[3*i:][:3])
		} else {
			require.Equal(t, f.Pix[3*i:][:3], bytes.Bytes[3*i:][:3])
		}
	}

	values := make([]float32, 3*2*4*3) // [3, T, h, w]
	for i := range values {
		values[i] = float32(i) - 30
	}
	got, next := Erased{Box: box, Fill: Noise, Noise: values}.Apply(f.Clone().View()), 0
	for i, v := range f.View().Planar() {
		if c := i / (2 * 7 * 6); inside(i % (2 * 7 * 6)) {
			require.InDelta(t, values[next], (got.Floats[i]-data.Mean[c])/data.Std[c], 1e-4)
			next++
		} else {
			require.Equal(t, v, got.Floats[i])
		}
	}
	require.Len(t, values, next)
	require.Equal(t, floats(f.View()), Erased{Fill: Noise}.Apply(f.View()), "nothing is erased, but the view becomes floats")
}
