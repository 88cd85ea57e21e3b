package eyes

import (
	"math"

	"mien/data"
)

// Span is the side of a view as a share of the distance between the eyes: it has room for an eye that is not in its middle, and for lids.
const Span = 0.8

// Place returns where the view of an eye is in its picture: around middle, turned as along, which leads from the left eye to the right one. The
// right eye is seen mirrored, so that outer corners are to the left in all views.
func Place(middle, along complex128, right bool) data.Placement {
	half := Span / 2 * along
	p := data.Placement{Middle: middle, Right: half, Down: 1i * half}
	if right {
		p.Right = -half
	}
	return p
}

// Pixels appends the pixels of a view of Side×Side to x, each channel with mean 0 and deviation 1: so neither the colour of light and skin nor
// brightness counts.
func Pixels(x []float32, view []uint8) []float32 {
	const n = Side * Side
	from := len(x)
	for _, v := range view[:n*3] {
		x = append(x, float32(v))
	}
	for c := range 3 {
		sum, squares := 0., 0.
		for i := from + c; i < len(x); i += 3 {
			sum += float64(x[i])
			squares += float64(x[i]) * float64(x[i])
		}
		mean := sum / n
		scale := 1 / math.Sqrt(max(squares/n-mean*mean, flat))
		for i := from + c; i < len(x); i += 3 {
			x[i] = float32((float64(x[i]) - mean) * scale)
		}
	}
	return x
}

// flat is the least variance of a channel, in grey levels squared: what varies by less is noise, and stays small.
const flat = 4
