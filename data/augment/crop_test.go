package augment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// A crop of a fixed size comes from every place of the frame; a box from its own.
func TestCrop(t *testing.T) {
	rng, places := newRand(1), map[Cut]int{}
	for range 600 {
		places[Crop{Size: 5}.Draw(2, 7, 6, rng).(Cut)]++
	}
	require.Len(t, places, 3*2)
	for c, n := range places {
		require.Equal(t, [2]int{5, 5}, [2]int{c.W, c.H})
		require.InDelta(t, 100, n, 45, "%+v", c)
	}
	require.Equal(t, Cut{X: 2, Y: 1, W: 4, H: 3}, Box{Top: 1, Left: 2, Height: 3, Width: 4}.Draw(2, 7, 6, nil))

	f := noise(2, 7, 6)
	bytes := Cut{X: 2, Y: 1, W: 4, H: 3}.Apply(f.View())
	require.Equal(t, []int{2, 3, 4}, []int{bytes.T, bytes.H, bytes.W})
	for frame := range 2 {
		for y := range 3 {
			require.Equal(t, f.Frame(frame)[((y+1)*6+2)*3:][:4*3], bytes.Bytes[(frame*3+y)*4*3:][:4*3])
		}
	}
	require.Equal(t, bytes.Planar(), Cut{X: 2, Y: 1, W: 4, H: 3}.Apply(floats(f.View())).Floats)
	bytes.Bytes[0]++
	require.Equal(t, noise(2, 7, 6), f, "the pixels are its own")
}

func TestResizedCropsLieInside(t *testing.T) {
	rng := newRand(5)
	for _, size := range [][2]int{{160, 160}, {90, 160}, {1, 1}, {7, 3}, {10, 400}, {400, 10}} {
		h, w := size[0], size[1]
		for range 300 {
			d := ResizedCrop{Size: 9, Area: Range{0.2, 0.8}, Ratio: Range{0.6, 1.3}, Interpolation: Bicubic}.Draw(2, h, w, rng).(Resized)
			b := d.Box
			require.Equal(t, Resized{b, 9, 9, Bicubic}, d)
			require.True(t, b.X >= 0 && b.Y >= 0 && b.W > 0 && b.H > 0 && b.X+b.W <= w && b.Y+b.H <= h, "%+v", b)
			if h >= 90 && w >= 90 {
				share, ratio := float64(b.W*b.H)/float64(h*w), float64(b.W)/float64(b.H)
				require.True(t, share > 0.19 && share < 0.82 && ratio > 0.58 && ratio < 1.34, "%+v", b)
			}
		}
	}
}

// Shares of the area are uniform between the least and the largest, ratios in their logarithm.
func TestResizedCropsAreSpread(t *testing.T) {
	rng := newRand(9)
	small, wide, left, right, top, bottom := 0, 0, 0, 0, 0, 0
	for range 2000 {
		b := ResizedCrop{Area: Range{0.1, 0.4}, Ratio: Range{0.5, 2}}.box(200, 220, rng)
		if b.W*b.H < 200*220*175/1000 {
			small++
		}
		if float64(b.W) > float64(b.H) {
			wide++
		}
		for n, at := range map[*int]int{&left: b.X, &right: 220 - b.X - b.W, &top: b.Y, &bottom: 200 - b.Y - b.H} {
			if at == 0 {
				*n++
			}
		}
	}
	require.InDelta(t, 500, small, 80, "a quarter of the range of areas")
	require.InDelta(t, 1000, wide, 100, "half of the range of logarithms")
	for _, n := range []int{left, right, top, bottom} {
		require.True(t, n > 0 && n < 100, "%d times at an edge", n)
	}
}

// The least box is one pixel, and the largest has a whole side: neither is taken for one that does not fit, and centred.
func TestExtremeCrops(t *testing.T) {
	for _, c := range []struct {
		area, ratio float64
		w, h        int
	}{{1.0 / 400, 1, 1, 1}, {0.5, 2, 20, 10}, {0.5, 0.5, 10, 20}} {
		rng, places := newRand(1), map[data.Box]bool{}
		for range 30 {
			b := ResizedCrop{Area: Range{c.area, c.area}, Ratio: Range{c.ratio, c.ratio}}.box(20, 20, rng)
			require.Equal(t, []int{c.w, c.h}, []int{b.W, b.H})
			places[b] = true
		}
		require.Greater(t, len(places), 5)
	}
}

// The shorter side gets the size, the longer one keeps the shape, rounded down.
func TestResize(t *testing.T) {
	for size, want := range map[[2]int][2]int{{20, 20}: {30, 30}, {7, 20}: {30, 85}, {20, 7}: {85, 30}, {50, 60}: {30, 36}} {
		d := Resize{Size: 30, Interpolation: TensorBicubic}.Draw(1, size[0], size[1], nil)
		require.Equal(t, Resized{data.Box{W: size[1], H: size[0]}, want[0], want[1], TensorBicubic}, d)
	}
}
