package face

import (
	"cmp"
	"math"
	"slices"
)

// What cells say, as faces.

// logScale bounds the logarithm of a box's size in strides: exp would overflow for what is no face.
const logScale = 10

// decode appends the faces of cells [rows·columns, 16] of a level whose score is at least threshold, in pixels of what the network saw. A
// cell counts from the upper left corner of its pixels, not from their middle.
func decode(faces []Face, cells []float32, columns, stride int, threshold float64) []Face {
	s := float64(stride)
	for i := range len(cells) / perCell {
		cell := cells[i*perCell:][:perCell]
		score := math.Sqrt(sigmoid(cell[class]) * sigmoid(cell[object]))
		if !(score >= threshold) {
			continue
		}
		x, y := float64(i%columns), float64(i/columns)
		f := Face{Score: score}
		f.Width, f.Height = s*math.Exp(min(float64(cell[box+2]), logScale)), s*math.Exp(min(float64(cell[box+3]), logScale))
		f.X, f.Y = s*(x+float64(cell[box]))-f.Width/2, s*(y+float64(cell[box+1]))-f.Height/2
		for k := range f.Points {
			f.Points[k] = Point{s * (x + float64(cell[points+2*k])), s * (y + float64(cell[points+2*k+1]))}
		}
		faces = append(faces, f)
	}
	return faces
}

func sigmoid(x float32) float64 { return 1 / (1 + math.Exp(-float64(x))) }

// suppress keeps, of boxes that overlap by more than a share of their union, the one with the highest score, and returns at most so many,
// best first. (Greedy non-maximum suppression.)
func suppress(faces []Face, overlap float64, most int) (kept []Face) {
	slices.SortStableFunc(faces, func(a, b Face) int { return cmp.Compare(b.Score, a.Score) })
	for _, f := range faces {
		if len(kept) == most {
			break
		}
		if !slices.ContainsFunc(kept, func(k Face) bool { return k.Overlap(f.Box) > overlap }) {
			kept = append(kept, f)
		}
	}
	return kept
}

// Overlap is the share of the union of two boxes that both cover (intersection over union).
func (b Box) Overlap(other Box) float64 {
	w := min(b.X+b.Width, other.X+other.Width) - max(b.X, other.X)
	h := min(b.Y+b.Height, other.Y+other.Height) - max(b.Y, other.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (b.Width*b.Height + other.Width*other.Height - w*h)
}
