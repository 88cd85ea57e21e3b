package augment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// greys are so many grey pixels of each value.
func greys(counts ...[2]int) (pix []uint8) {
	for _, c := range counts {
		for range c[1] {
			pix = append(pix, uint8(c[0]), uint8(c[0]), uint8(c[0]))
		}
	}
	return pix
}

// Histograms at the edges of the rules, by hand from Pillow's definitions: the golden picture has none of them.
func TestEdgesOfHistograms(t *testing.T) {
	for _, c := range []struct {
		name          string
		argument      float64
		before, after [][2]int
	}{
		{"AutoContrast", 0, [][2]int{{0, 1}, {51, 1}, {102, 2}}, [][2]int{{0, 1}, {127, 1}, {255, 2}}},
		{"AutoContrast", 0, [][2]int{{153, 1}, {204, 1}, {255, 2}}, [][2]int{{0, 1}, {127, 1}, {255, 2}}},
		{"AutoContrast", 0, [][2]int{{7, 3}}, [][2]int{{7, 3}}},
		{"AutoContrast", 0, [][2]int{{0, 3}}, [][2]int{{0, 3}}},
		{"Equalize", 0, [][2]int{{10, 300}, {20, 220}}, [][2]int{{0, 300}, {255, 220}}},
		{"Equalize", 0, [][2]int{{10, 254}, {20, 266}}, [][2]int{{10, 254}, {20, 266}}}, // less than one a level: unchanged
		{"Equalize", 0, [][2]int{{7, 300}, {8, 210}, {9, 10}}, [][2]int{{0, 300}, {150, 210}, {255, 10}}},
		{"Equalize", 0, [][2]int{{7, 520}}, [][2]int{{7, 520}}},
		{"Contrast", 0, [][2]int{{10, 3}, {11, 2}}, [][2]int{{10, 5}}}, // the mean, 10.4, rounded
		{"Contrast", 0, [][2]int{{10, 2}, {11, 2}}, [][2]int{{11, 4}}},
	} {
		pix := greys(c.before...)
		v := Operations{{Name: c.name, Argument: c.argument}}.Apply(data.View{T: 1, H: 1, W: len(pix) / 3, Bytes: pix})
		require.Equal(t, greys(c.after...), v.Bytes, "%+v", c)
	}
}

// Grey is rounded to the nearest.
func TestLuma(t *testing.T) {
	for want, pixel := range [][]uint8{{0, 0, 4}, {0, 0, 5}, {7, 0, 0}, {0, 5, 0}, {4, 4, 4}} {
		require.EqualValues(t, want, luma(pixel), "%v", pixel)
	}
}

// Shifts by half a pixel, by hand: a point on the left edge is inside, one on the right edge is not; cubic sums keep to bytes.
func TestHalfPixelShifts(t *testing.T) {
	for _, c := range []struct {
		argument float64
		how      Interpolation
		want     [4]uint8
	}{
		{-0.125, Bilinear, [4]uint8{0, 0, 127, 255}},
		{0.125, Bilinear, [4]uint8{0, 127, 255, outside}},
		{-0.125, Bicubic, [4]uint8{0, 0, 127, 255}},
		{0.125, Bicubic, [4]uint8{0, 127, 255, outside}},
	} {
		want := greys([2]int{int(c.want[0]), 1}, [2]int{int(c.want[1]), 1}, [2]int{int(c.want[2]), 1}, [2]int{int(c.want[3]), 1})
		edge := func() []uint8 { return greys([2]int{0, 2}, [2]int{255, 2}) }
		require.Equal(t, want, Operations{{"TranslateX", c.argument, c.how}}.Apply(data.View{T: 1, H: 1, W: 4, Bytes: edge()}).Bytes, "%+v", c)
		require.Equal(t, want, Operations{{"TranslateY", c.argument, c.how}}.Apply(data.View{T: 1, H: 4, W: 1, Bytes: edge()}).Bytes, "%+v", c)
	}
}
