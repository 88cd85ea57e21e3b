package augment

import (
	"math"
	"strconv"
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
	in := raster{pix, h, w}
	at := in.bilinear
	if how == Bicubic {
		at = in.bicubic
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

// raster is a frame of which pixels between pixels are asked for.
type raster struct {
	pix  []uint8
	h, w int
}

// columns returns where in a row the pixels x to x+len(at)−1 begin; beyond the edge, the last one goes on.
func (r raster) columns(at []int, x int) {
	for i := range at {
		at[i] = 3 * min(max(x+i, 0), r.w-1)
	}
}

func (r raster) row(y int) []uint8 {
	return r.pix[min(max(y, 0), r.h-1)*r.w*3:][:r.w*3]
}

func (r raster) bilinear(to []uint8, x, y float64) {
	fx, fy := math.Floor(x), math.Floor(y)
	dx, dy := x-fx, y-fy
	var at [2]int
	r.columns(at[:], int(fx))
	upper, lower := r.row(int(fy)), r.row(int(fy)+1)
	for c := range 3 {
		a := linear(upper[at[0]+c], upper[at[1]+c], dx)
		b := linear(lower[at[0]+c], lower[at[1]+c], dx)
		to[c] = uint8(a + float64((b-a)*dy))
	}
}

func linear(a, b uint8, d float64) float64 {
	return float64(a) + float64((float64(b)-float64(a))*d)
}

func (r raster) bicubic(to []uint8, x, y float64) {
	fx, fy := math.Floor(x), math.Floor(y)
	dx, dy := x-fx, y-fy
	var at [4]int
	r.columns(at[:], int(fx)-1)
	rows := [4][]uint8{r.row(int(fy) - 1), r.row(int(fy)), r.row(int(fy) + 1), r.row(int(fy) + 2)}
	for c := range 3 {
		var v [4]float64
		for i, row := range rows {
			switch {
			case dy == 0 && i != 1: // this row has no weight
			case dx == 0:
				v[i] = float64(row[at[1]+c])
			default:
				v[i] = keys(float64(row[at[0]+c]), float64(row[at[1]+c]), float64(row[at[2]+c]), float64(row[at[3]+c]), dx)
			}
		}
		to[c] = uint8(min(max(keys(v[0], v[1], v[2], v[3], dy), 0), 255))
	}
}

// keys is Pillow's cubic from b to c, between which t goes from 0 to 1: the convolution of Keys (1981) with a = −1.
func keys(a, b, c, d, t float64) float64 {
	p2, p3, p4 := c-a, 2*(a-b)+c-d, b-a-c+d
	return b + float64(t*(p2+float64(t*(p3+float64(t*p4)))))
}
