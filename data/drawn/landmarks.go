package drawn

import (
	"math/cmplx"
	"slices"

	"mien/data"
)

// Landmarks of a face are 68 points in the order of iBUG's annotations (300-W), from left to right in the image where nothing else is said:
//
//	 0–16  the jaw, from beside the left eye around the chin to beside the right eye
//	17–26  the left and the right brow, five points each
//	27–30  the ridge of the nose, from above; 31–35 its lower end, from wing to wing
//	36–41  the left eye, 42–47 the right one: a corner, two points of the upper lid, the other corner, two of the lower lid from right to left
//	48–59  the outer edge of the lips: a corner, the upper lip, the other corner, the lower lip from right to left; 60–67 likewise the inner edge
//
// They are shares of the width and of the height of the frame, so that they hold at any size. A point is where it would be seen: hair, a
// beard or glasses may cover it, and it may lie outside the frame.
type Landmarks [NumLandmarks]Point

// NumLandmarks is the number of landmarks of a face.
const NumLandmarks = 68

// Point is a place in an image, as shares of its width, from the left, and of its height, from above.
type Point struct{ X, Y float64 }

// counterparts are the landmarks that take the places of others in a mirror image.
var counterparts = [NumLandmarks]int{
	16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, // jaw
	26, 25, 24, 23, 22, 21, 20, 19, 18, 17, // brows
	27, 28, 29, 30, 35, 34, 33, 32, 31, // nose
	45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, // eyes
	54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, // lips, outer edge
	64, 63, 62, 61, 60, 67, 66, 65, // inner edge
}

// Mirrored returns the landmarks of the mirror image, as [data.Mirror] makes it.
func (l Landmarks) Mirrored() (m Landmarks) {
	for i, of := range counterparts {
		m[i] = Point{1 - l[of].X, l[of].Y}
	}
	return m
}

// Cut returns the landmarks of a part of a frame of h × w pixels, whatever size it is given then.
func (l Landmarks) Cut(b data.Box, h, w int) Landmarks {
	for i, q := range l {
		l[i] = Point{(q.X*float64(w) - float64(b.X)) / float64(b.W), (q.Y*float64(h) - float64(b.Y)) / float64(b.H)}
	}
	return l
}

// landmarksOf finds the landmarks of a face in a square frame, on the lines that render paints.
func landmarksOf(face *Face, aus *AUs) (l Landmarks) {
	var p painter
	p.pose(face, aus, 1, 1)
	n := face.nose(aus)
	for half, a := range p.halves {
		// Numbers are those of the right half, which count outwards or downwards.
		put := func(first int, pts ...point) {
			for i, q := range pts {
				i += first
				if half == 0 {
					i = counterparts[i]
				}
				l[i] = Point{real(q), imag(q)}
			}
		}
		jaw := spline(p.flat(0, p.contour(p.lips.jaw)...))[besideEye:]
		slices.Reverse(jaw)
		put(8, evenly(jaw, 9)...)
		put(22, evenly(spline(p.surface(0, p.browLine(a)...)), 5)...)
		put(27, p.ridge(n)...)
		put(33, p.on(n.base.at, n.base.raised), p.on(n.nostril.at+complex(0, nostrilHeight), n.nostril.raised), p.on(n.wing[2], 0))
		upper, lower := p.lids(a, 0, 0)
		put(42, evenly(spline(p.surface(eyeRaised, upper...)), 4)...)
		under := evenly(spline(p.surface(eyeRaised, lower...)), 4)
		put(46, under[2], under[1])
	}
	put := func(first int, line []point, vertices ...int) {
		for i, v := range vertices {
			q := p.on(line[v], lipsRaised)
			l[first+i] = Point{real(q), imag(q)}
		}
	}
	outerU, innerU, innerL, outerL := p.lips.lines() // of 17 vertices, the bow at 6 and 10
	put(48, outerU, 0, 3, 6, 8, 10, 13, 16)
	put(55, outerL, 13, 11, 8, 5, 3)
	put(60, innerU, 0, 4, 8, 12, 16)
	put(65, innerL, 12, 8, 4)
	return l
}

// besideEye is the vertex of the head's outline at the height of the eyes.
const besideEye = 18

// ridge projects the ridge of the nose, from between the eyes to the tip.
func (p *painter) ridge(n nose) []point {
	const root, steps = -0.05i, 3
	pts := make([]point, steps+1)
	for i := range pts {
		t := float64(i) / steps
		pts[i] = p.on(root+complex(t, 0)*(n.tip.at-root), t*n.tip.raised)
	}
	return pts
}

// evenly returns n points of a line at equal distances along it, both ends among them.
func evenly(line []point, n int) []point {
	far := make([]float64, len(line)) // from the first point
	for i := 1; i < len(line); i++ {
		far[i] = far[i-1] + cmplx.Abs(line[i]-line[i-1])
	}
	pts, end := make([]point, n), len(line)-1
	for i := range pts {
		at := far[end] * float64(i) / float64(n-1)
		k, _ := slices.BinarySearch(far[1:end], at) // between vertices k and k+1
		t := (at - far[k]) / max(far[k+1]-far[k], 1e-12)
		pts[i] = line[k] + complex(clamp(t, 0, 1), 0)*(line[k+1]-line[k])
	}
	return pts
}
