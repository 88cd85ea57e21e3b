package data

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// marked returns views of bytes, in which every value tells its view and its place.
func marked(n, t, h, w int) (views []View) {
	for i := range n {
		v := View{T: t, H: h, W: w}
		for j := range t * h * w * 3 {
			v.Bytes = append(v.Bytes, uint8(50*i+j%50))
		}
		views = append(views, v)
	}
	return views
}

// at is the value of a view at a frame, row, column and channel, in [0, 1].
func (v View) at(t, y, x, c int) float64 {
	return float64(v.Planar()[((c*v.T+t)*v.H+y)*v.W+x])
}

// Every pixel of a mixed view comes from the view or its partner, the group in reverse, in the published shares: by λ, or by whether it
// lies in the box. Bytes and floats give the same, and the middle view of an odd group is its own partner.
func TestMixedViews(t *testing.T) {
	const frames, h, w = 2, 7, 5
	box := Box{X: 1, Y: 2, W: 3, H: 4}
	for _, n := range []int{2, 3, 5} {
		for _, mix := range []Mix{{Lambda: 0.7}, {Lambda: 0.7, Box: box}, {Lambda: 1}} {
			before, bytes, floats := marked(n, frames, h, w), marked(n, frames, h, w), marked(n, frames, h, w)
			for i := range floats {
				floats[i].Floats, floats[i].Bytes = floats[i].Planar(), nil
			}
			mix.Views(bytes)
			mix.Views(floats)
			for i := range n {
				for place := range frames * h * w * 3 {
					c, x, y, f := place%3, place/3%w, place/3/w%h, place/3/w/h
					own, other := before[i].at(f, y, x, c), before[n-1-i].at(f, y, x, c)
					inside := x >= 1 && x < 4 && y >= 2 && y < 6
					want := own
					switch {
					case mix.Lambda == 1:
					case mix.Box == Box{}:
						want = 0.7*own + 0.3*other
					case inside:
						want = other
					}
					require.InDelta(t, want, bytes[i].at(f, y, x, c), 1e-6)
					require.InDelta(t, want, floats[i].at(f, y, x, c), 1e-6)
				}
			}
			require.Equal(t, mix.Lambda == 1 || mix.Box != Box{}, bytes[0].Bytes != nil, "cutmix keeps bytes")
		}
	}
}

// A group of bytes and floats is mixed as floats.
func TestMixOfBothForms(t *testing.T) {
	views := marked(3, 1, 2, 2)
	views[0].Floats, views[0].Bytes = views[0].Planar(), nil
	want := views[0].at(0, 1, 1, 2)
	Mix{Lambda: 0.25, Box: Box{X: 1, Y: 1, W: 1, H: 1}}.Views(views)
	require.InDelta(t, want, views[2].at(0, 1, 1, 2), 1e-7)
	for _, v := range views {
		require.Nil(t, v.Bytes)
		require.Len(t, v.Floats, 12)
	}
}

// Targets of three, six and five samples of two classes: λ of one's own, and the rest from the reverse.
func TestMixedTargets(t *testing.T) {
	for _, c := range [][2][]float32{
		{{1, 0, 0.5, 0.5, 0, 1}, {0.75, 0.25, 0.5, 0.5, 0.25, 0.75}},
		{{1, 0, 0, 4, 8, 0, 0, 8, 4, 0, 0, 1}, {0.75, 0.25, 1, 3, 6, 2, 2, 6, 3, 1, 0.25, 0.75}},
		{{1, 0, 0, 4, 0.5, 0.5, 8, 0, 0, 1}, {0.75, 0.25, 2, 3, 0.5, 0.5, 6, 1, 0.25, 0.75}},
	} {
		Mix{Lambda: 0.75}.Targets(c[0], 2)
		require.Equal(t, c[1], c[0])
	}
}

func TestSmoothTargets(t *testing.T) {
	require.InDeltaSlice(t, []float32{0.025, 0.025, 0.925, 0.025}, SmoothTargets([]int{2}, 4, 0.1), 1e-7)
	require.Equal(t, []float32{0, 1, 1, 0}, SmoothTargets([]int{1, 0}, 2, 0))
}

// Sides are ⌊side·√(1−λ)⌋, halved downwards about the centre and clipped, and λ follows the pixels: values of the released code's
// rand_bbox.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		h, w   int
		lambda float64
		x, y   int
		want   Mix
	}{
		{160, 160, 0.75, 80, 60, Mix{0.75, Box{40, 20, 80, 80}}},
		{160, 160, 0.5, 0, 159, Mix{1 - 56.0*57/25600, Box{0, 103, 56, 57}}}, // 113 pixels, 56 to each side
		{10, 16, 0.6, 15, 0, Mix{1 - 6.0*3/160, Box{10, 0, 6, 3}}},           // 10 by 6 pixels
		{10, 16, 0, 8, 5, Mix{0, Box{0, 0, 16, 10}}},
		{3, 16, 0.75, 8, 1, Mix{Lambda: 1}}, // 8 by 1 pixels
		{16, 3, 0.75, 1, 8, Mix{Lambda: 1}},
		{10, 16, 0.99, 8, 5, Mix{Lambda: 1}}, // one pixel, a half of which is none
	} {
		got := cut(c.h, c.w, c.lambda, c.x, c.y)
		require.Equal(t, c.want.Box, got.Box)
		require.InDelta(t, c.want.Lambda, got.Lambda, 1e-12)
	}
}

// Beta(α, α) has mean ½ and variance 1/(4·(2α+1)); at α = 1 it is uniform.
func TestBeta(t *testing.T) {
	rng := Stream(3, "beta")
	const n = 20_000
	for _, alpha := range []float64{0.2, 0.8, 1, 3} {
		sum, squares, low := 0.0, 0.0, 0
		for range n {
			x := beta(alpha, rng)
			require.True(t, x >= 0 && x <= 1)
			sum, squares = sum+x, squares+(x-0.5)*(x-0.5)
			if x < 0.1 {
				low++
			}
		}
		require.InDelta(t, 0.5, sum/n, 0.01, "α %v", alpha)
		require.InDelta(t, 1/(4*(2*alpha+1)), squares/n, 0.004, "α %v", alpha)
		if alpha == 1 {
			require.InDelta(t, 0.1, float64(low)/n, 0.01)
		}
	}
	for range 50 {
		require.False(t, math.IsNaN(beta(1e-4, rng)))
	}
}

// Gamma(α, 1) has mean and variance α.
func TestGamma(t *testing.T) {
	rng := Stream(4, "gamma")
	const n = 20_000
	for _, alpha := range []float64{0.2, 0.8, 1, 3} {
		sum, squares := 0.0, 0.0
		for range n {
			x := gamma(alpha, rng)
			sum, squares = sum+x, squares+(x-alpha)*(x-alpha)
		}
		require.InDelta(t, alpha, sum/n, 0.02*math.Sqrt(alpha), "α %v", alpha)
		require.InEpsilon(t, alpha, squares/n, 0.08, "α %v", alpha)
	}
}

// Cutmix is drawn with its share, boxes lie all over the frame, and either kind alone is always drawn.
func TestDrawOfMixing(t *testing.T) {
	rng := Stream(5, "mixing")
	squares, across, down := 0.0, 0.0, 0.0 // of λ of mixup, from ½; of the centres of boxes
	cuts := func(m Mixing) (n int) {
		squares, across, down = 0, 0, 0
		for range 2000 {
			mix := m.Draw(20, 30, rng)
			squares += (mix.Lambda - 0.5) * (mix.Lambda - 0.5) / 2000
			require.True(t, mix.Lambda >= 0 && mix.Lambda <= 1)
			if mix.Box != (Box{}) {
				require.LessOrEqual(t, mix.Box.X+mix.Box.W, 30)
				require.LessOrEqual(t, mix.Box.Y+mix.Box.H, 20)
				across += float64(mix.Box.X) + float64(mix.Box.W)/2
				down += float64(mix.Box.Y) + float64(mix.Box.H)/2
				n++
			}
		}
		return n
	}
	require.InDelta(t, 0.3*2000, cuts(Mixing{Mixup: 0.8, Cutmix: 1, Share: 0.3}), 80) // some boxes are empty
	n := cuts(Mixing{Cutmix: 1})
	require.Greater(t, n, 1900)
	require.InDeltaSlice(t, []float64{15, 10}, []float64{across / float64(n), down / float64(n)}, 0.5)
	require.Greater(t, cuts(Mixing{Cutmix: 1, Share: 0.3}), 1900)
	require.Zero(t, cuts(Mixing{Mixup: 0.8}))
	require.Zero(t, cuts(Mixing{Mixup: 2, Share: 0.3}))
	require.InEpsilon(t, 1/(4*(2*2.0+1)), squares, 0.1, "the variance of Beta(2, 2)")
	require.True(t, Mixing{Mixup: 0.8}.On() && Mixing{Cutmix: 1}.On() && !Mixing{}.On())
}
