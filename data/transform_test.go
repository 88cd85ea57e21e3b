package data

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func TestEvalKeepsBytes(t *testing.T) {
	f := noise(2, 3, 4)
	v := Transform{H: 3, W: 4, Brightness: 0.5}.Eval(f)
	require.Equal(t, View{T: 2, H: 3, W: 4, Bytes: f.Pix}, v)
	v.Bytes[0]++
	require.NotEqual(t, f.Pix[0], v.Bytes[0], "the pixels are the view's own")
	small := Transform{H: 5, W: 2}.Eval(f)
	require.Equal(t, View{T: 2, H: 5, W: 2, Bytes: Resize(f, 5, 2).Pix}, small)
}

// Training views are bytes, too, unless colours are jittered.
func TestTrainKeepsBytes(t *testing.T) {
	f := noise(2, 3, 4)
	off := Transform{H: 3, W: 4}
	require.Equal(t, off.Eval(f), off.Train(f, nil), "with everything off nothing is drawn")
	v := Transform{H: 6, W: 5, CropMin: 0.5, Flip: 0.5}.Train(f, newRand(1))
	require.Len(t, v.Bytes, 2*6*5*3)
	require.Nil(t, v.Floats)
	for _, jitter := range []Transform{{Brightness: 0.1}, {Contrast: 0.1}, {Saturation: 0.1}} {
		jitter.H, jitter.W = 6, 5
		v := jitter.Train(f, newRand(1))
		require.Equal(t, [3]int{2, 6, 5}, [3]int{v.T, v.H, v.W})
		require.Len(t, v.Floats, 3*2*6*5)
		require.Nil(t, v.Bytes)
	}
}

func TestTrainIsDeterministic(t *testing.T) {
	f := noise(2, 20, 30)
	all := Transform{H: 16, W: 16, CropMin: 0.3, Flip: 0.5, Brightness: 0.2, Contrast: 0.2, Saturation: 0.2}
	require.Equal(t, all.Train(f, newRand(1)), all.Train(f, newRand(1)))
	require.NotEqual(t, all.Train(f, newRand(1)), all.Train(f, newRand(2)))
}

// Both frames of a still video stay equal: everything is drawn once for a video.
func TestTrainTreatsFramesAlike(t *testing.T) {
	still := NewFrames(2, 20, 30)
	copy(still.Frame(0), noise(1, 20, 30).Pix)
	copy(still.Frame(1), still.Frame(0))
	tr := Transform{H: 8, W: 8, CropMin: 0.3, Flip: 0.5, Brightness: 0.3, Contrast: 0.3, Saturation: 0.3}
	for seed := range uint64(20) {
		x := tr.Train(still, newRand(seed)).Floats
		for c := range 3 {
			require.Equal(t, x[c*128:c*128+64], x[c*128+64:c*128+128])
		}
	}
}

func TestFlip(t *testing.T) {
	f := noise(2, 3, 5)
	plain := Transform{H: 3, W: 5}.Eval(f).Bytes
	flipped := Transform{H: 3, W: 5, Flip: 1}.Train(f, newRand(1)).Bytes
	for row := range 2 * 3 {
		for x := range 5 {
			require.Equal(t, plain[(row*5+x)*3:][:3], flipped[(row*5+4-x)*3:][:3])
		}
	}
	flips := 0
	for seed := range uint64(200) {
		if v := (Transform{H: 3, W: 5, Flip: 0.25}).Train(f, newRand(seed)); v.Bytes[0] != plain[0] {
			flips++
		}
	}
	require.InDelta(t, 50, flips, 25)
}

func TestRandomBox(t *testing.T) {
	rng := newRand(5)
	for _, size := range [][2]int{{160, 160}, {90, 160}, {1, 1}, {7, 3}, {10, 400}, {400, 10}} {
		h, w := size[0], size[1]
		for range 300 {
			b := randomBox(h, w, 0.2, rng)
			require.True(t, b.X >= 0 && b.Y >= 0 && b.W > 0 && b.H > 0 && b.X+b.W <= w && b.Y+b.H <= h, "%+v", b)
			if h >= 90 && w >= 90 {
				require.GreaterOrEqual(t, float64(b.W*b.H), 0.19*float64(h*w))
				ratio := float64(b.W) / float64(b.H)
				require.True(t, ratio > 0.72 && ratio < 1.38, "%+v", b)
			}
		}
	}
	// No box of 90 % fits a strip: the centred fallback of ratio 4/3 or 3/4.
	require.Equal(t, Box{X: 193, Y: 0, W: 13, H: 10}, randomBox(10, 400, 0.9, rng))
	require.Equal(t, Box{X: 0, Y: 193, W: 10, H: 13}, randomBox(400, 10, 0.9, rng))
}

func TestCropMinIsReached(t *testing.T) {
	rng := newRand(9)
	least, most := 1.0, 0.0
	for range 2000 {
		b := randomBox(100, 100, 0.3, rng)
		share := float64(b.W*b.H) / 10_000
		least, most = min(least, share), max(most, share)
	}
	require.InDelta(t, 0.3, least, 0.02)
	require.Greater(t, most, 0.95)
}

// The jitters against their definitions, with the factor that the same generator gives.
func TestJitter(t *testing.T) {
	f := noise(1, 6, 6)
	x := viewOf(f).Planar()
	grey := func(i int) float64 {
		return 0.299*float64(x[i]) + 0.587*float64(x[36+i]) + 0.114*float64(x[72+i])
	}
	mean := 0.0
	for i := range 36 {
		mean += grey(i) / 36
	}
	for _, c := range []struct {
		transform Transform
		want      func(v float64, i int, k float64) float64
	}{
		{Transform{H: 6, W: 6, Brightness: 0.5}, func(v float64, _ int, k float64) float64 { return k * v }},
		{Transform{H: 6, W: 6, Contrast: 0.5}, func(v float64, _ int, k float64) float64 { return mean + k*(v-mean) }},
		{Transform{H: 6, W: 6, Saturation: 0.5}, func(v float64, i int, k float64) float64 { return grey(i) + k*(v-grey(i)) }},
	} {
		for seed := range uint64(5) {
			k := 0.5 + newRand(seed).Float64()
			got := c.transform.Train(f, newRand(seed)).Floats
			for i, v := range x {
				want := math.Min(math.Max(c.want(float64(v), i%36, k), 0), 1)
				require.InDelta(t, want, got[i], 1e-6)
			}
		}
	}
}

// A view draws from its stream in this order: box, flip, brightness, contrast, saturation. Another order would change every
// run.
func TestTrainDrawsInOrder(t *testing.T) {
	f := noise(2, 20, 30)
	all := Transform{H: 7, W: 5, CropMin: 0.3, Flip: 0.5, Brightness: 0.2, Contrast: 0.3, Saturation: 0.4}
	for seed := range uint64(10) {
		rng := newRand(seed)
		want := ResizeBox(f, randomBox(20, 30, 0.3, rng), 7, 5)
		if rng.Float64() < 0.5 {
			mirror(want)
		}
		x := viewOf(want).Planar()
		Transform{Brightness: 0.2}.jitter(x, rng)
		Transform{Contrast: 0.3}.jitter(x, rng)
		Transform{Saturation: 0.4}.jitter(x, rng)
		got := newRand(seed)
		require.Equal(t, View{T: 2, H: 7, W: 5, Floats: x}, all.Train(f, got))
		require.Equal(t, rng.Uint64(), got.Uint64(), "and no more")
	}
}
