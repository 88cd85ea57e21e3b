package drawn

import (
	"math/cmplx"
	"slices"

	"mien/data"
)

// landmarksOf finds the landmarks of a face in a square frame, on the lines that render paints.
func landmarksOf(face *Face, aus *AUs) (l data.Landmarks) {
	var p painter
	p.pose(face, aus, 1, 1)
	n := face.nose(aus)
	for half, a := range p.halves {
		// Numbers are those of the right half, which count outwards or downwards.
		put := func(first int, pts ...point) {
			for i, q := range pts {
				i += first
				if half == 0 {
					i = data.Counterpart(i)
				}
				l[i] = data.Point{X: real(q), Y: imag(q)}
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
			l[first+i] = data.Point{X: real(q), Y: imag(q)}
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
