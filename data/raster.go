package data

import "math"

// Raster is a frame of which pixels between pixels are asked for: x and y count from the centre of the first. Beyond the edges, the outermost
// pixels go on.
type Raster struct {
	Pix      []uint8 // (y·W + x)·3 + c
	H, W     int
	Rounding float64 // added before a number is cut to a byte: 1/2 is to the nearest, and 0 as Pillow's Image.transform does
}

// columns returns where in a row the pixels x to x+len(at)−1 begin; beyond the edge, the last one goes on.
func (r Raster) columns(at []int, x int) {
	for i := range at {
		at[i] = 3 * min(max(x+i, 0), r.W-1)
	}
}

func (r Raster) row(y int) []uint8 {
	return r.Pix[min(max(y, 0), r.H-1)*r.W*3:][:r.W*3]
}

// Bilinear writes the channels at a place.
func (r Raster) Bilinear(to []uint8, x, y float64) {
	fx, fy := math.Floor(x), math.Floor(y)
	dx, dy := x-fx, y-fy
	var at [2]int
	r.columns(at[:], int(fx))
	upper, lower := r.row(int(fy)), r.row(int(fy)+1)
	for c := range 3 {
		a := linear(upper[at[0]+c], upper[at[1]+c], dx)
		b := linear(lower[at[0]+c], lower[at[1]+c], dx)
		to[c] = uint8(a + float64((b-a)*dy) + r.Rounding)
	}
}

func linear(a, b uint8, d float64) float64 {
	return float64(a) + float64((float64(b)-float64(a))*d)
}

// Bicubic does the same with the cubic of Pillow's Image.transform.
func (r Raster) Bicubic(to []uint8, x, y float64) {
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
		to[c] = uint8(min(max(keys(v[0], v[1], v[2], v[3], dy)+r.Rounding, 0), 255))
	}
}

// keys is Pillow's cubic from b to c, between which t goes from 0 to 1: the convolution of Keys (1981) with a = −1.
func keys(a, b, c, d, t float64) float64 {
	p2, p3, p4 := c-a, 2*(a-b)+c-d, b-a-c+d
	return b + float64(t*(p2+float64(t*(p3+float64(t*p4)))))
}
