package augment

import (
	"math"
	"strconv"

	"mien/data"
)

// The operations of RandAugment that move pixels, as Pillow's Image.transform and Image.rotate carry them out. What comes from
// outside of the frame is grey.

const outside = 128

// matrix takes an output pixel (x, y) to its place in the input: (m[0]·x + m[1]·y + m[2], m[3]·x + m[4]·y + m[5]).
type matrix [6]float64

func shearX(pix, spare []uint8, h, w int, o Operation) []uint8 {
	return affine(pix, spare, h, w, matrix{1, o.Argument, 0, 0, 1, 0}, o.Interpolation)
}

func shearY(pix, spare []uint8, h, w int, o Operation) []uint8 {
	return affine(pix, spare, h, w, matrix{1, 0, 0, o.Argument, 1, 0}, o.Interpolation)
}

func translateX(pix, spare []uint8, h, w int, o Operation) []uint8 {
	return affine(pix, spare, h, w, matrix{1, 0, o.Argument * float64(w), 0, 1, 0}, o.Interpolation)
}

func translateY(pix, spare []uint8, h, w int, o Operation) []uint8 {
	return affine(pix, spare, h, w, matrix{1, 0, 0, 0, 1, o.Argument * float64(h)}, o.Interpolation)
}

// rotate turns counter-clockwise about the middle.
func rotate(pix, spare []uint8, h, w int, o Operation) []uint8 {
	if o.Argument == 0 {
		return pix
	}
	degrees := math.Mod(o.Argument, 360)
	if degrees < 0 { // Python's remainder
		degrees += 360
	}
	angle := -degrees * (math.Pi / 180)
	cos, sin := rounded(math.Cos(angle)), rounded(math.Sin(angle))
	cx, cy := float64(w)/2, float64(h)/2
	m := matrix{cos, sin, 0, -sin, cos, 0}
	m[2] = float64(cos*-cx) + float64(sin*-cy) + cx
	m[5] = float64(-sin*-cx) + float64(cos*-cy) + cy
	return affine(pix, spare, h, w, m, o.Interpolation)
}

// rounded keeps 15 decimals, as Pillow does.
func rounded(x float64) float64 {
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'f', 15, 64), 64)
	return x
}

// affine writes to out the pixels that m finds in the input. Conversions keep compilers from fusing products with sums.
func affine(pix, out []uint8, h, w int, m matrix, how Interpolation) []uint8 {
	in := data.Raster{Pix: pix, H: h, W: w}
	at := in.Bilinear
	if how == Bicubic {
		at = in.Bicubic
	}
	for y := range h {
		row := out[y*w*3:][:w*3]
		for x := range w {
			px, py := float64(x)+0.5, float64(y)+0.5
			sx := float64(m[0]*px) + float64(m[1]*py) + m[2]
			sy := float64(m[3]*px) + float64(m[4]*py) + m[5]
			if to := row[3*x : 3*x+3 : 3*x+3]; sx < 0 || sx >= float64(w) || sy < 0 || sy >= float64(h) {
				to[0], to[1], to[2] = outside, outside, outside
			} else {
				at(to, sx-0.5, sy-0.5)
			}
		}
	}
	return out
}
