package data

import (
	"errors"
	"math"
	"math/cmplx"
)

// Alignment: a face is turned, scaled and moved so that eyes and nose of all faces are at the same places.

// alignedAt is where an aligned face has the middle of its left and of its right eye and the base of its nose, which stay where they are when
// a mouth moves. The face fills the frame, as those of data/drawn.
var alignedAt = [3]Point{{0.295, 0.31}, {0.705, 0.31}, {0.5, 0.6}}

// anchors returns these places of a face.
func anchors(l Landmarks) [3]Point {
	return [3]Point{middle(l[36:42]), middle(l[42:48]), l[33]}
}

// LandmarksAt returns landmarks of a face of which only these places are known, for a first alignment.
func LandmarksAt(leftEye, rightEye, nose Point) (l Landmarks) {
	for i := range 6 {
		l[36+i], l[42+i] = leftEye, rightEye
	}
	l[33] = nose
	return l
}

func middle(points []Point) (m Point) {
	for _, q := range points {
		m.X += q.X / float64(len(points))
		m.Y += q.Y / float64(len(points))
	}
	return m
}

// MeanLandmarks returns the landmarks in the middle of those of all frames, by which a video is aligned as a whole: what moves in it goes on
// to move.
func MeanLandmarks(frames []Landmarks) (mean Landmarks) {
	points := make([]Point, len(frames))
	for i := range mean {
		for t := range frames {
			points[t] = frames[t][i]
		}
		mean[i] = middle(points)
	}
	return mean
}

// Alignment turns, scales and moves frames so that a face is aligned in them.
type Alignment struct {
	similarity     // from their pixels to those of the aligned face
	h, w, size int // pixels of the frames, and of the aligned face
}

// NewAlignment returns the one that aligns a face with these landmarks, in frames of h×w pixels, in size×size pixels.
func NewAlignment(face Landmarks, h, w, size int) (Alignment, error) {
	s, err := fit(inPixels(anchors(face), h, w), inPixels(alignedAt, size, size))
	return Alignment{s, h, w, size}, err
}

// Frames returns all frames aligned alike. Larger ones are first resized, with antialiasing; then pixels are interpolated bilinearly. Beyond
// the edges of a frame its outermost pixels go on.
func (a Alignment) Frames(f *Frames) *Frames {
	if scale := cmplx.Abs(a.turn); scale < 1 {
		f = Resize(f, max(int(math.Round(scale*float64(a.h))), 1), max(int(math.Round(scale*float64(a.w))), 1))
	}
	out := NewFrames(f.T, a.size, a.size)
	for y := range a.size {
		for x := range a.size {
			z := a.back(complex(float64(x)+0.5, float64(y)+0.5))
			atX, atY := real(z)*float64(f.W)/float64(a.w)-0.5, imag(z)*float64(f.H)/float64(a.h)-0.5
			for t := range f.T {
				Raster{f.Frame(t), f.H, f.W, 0.5}.Bilinear(out.Frame(t)[(y*a.size+x)*3:], atX, atY)
			}
		}
	}
	return out
}

// Back returns where landmarks of aligned frames are in the frames as they were.
func (a Alignment) Back(l Landmarks) Landmarks {
	for i, q := range l {
		z := a.back(complex(q.X*float64(a.size), q.Y*float64(a.size)))
		l[i] = Point{real(z) / float64(a.w), imag(z) / float64(a.h)}
	}
	return l
}

// Apart returns how far the eyes and the nose of two faces in frames of h×w pixels are from each other: the farthest, as a share of the
// distance between the eyes of the first.
func Apart(one, other Landmarks, h, w int) (far float64) {
	p, q := inPixels(anchors(one), h, w), inPixels(anchors(other), h, w)
	for i := range p {
		far = max(far, cmplx.Abs(p[i]-q[i])/cmplx.Abs(p[0]-p[1]))
	}
	return far
}

// inPixels returns points of a frame of h×w pixels as complex numbers: x + iy from its upper left corner.
func inPixels(points [3]Point, h, w int) (all [3]complex128) {
	for i, q := range points {
		all[i] = complex(q.X*float64(w), q.Y*float64(h))
	}
	return all
}

// similarity takes a point z to turn·z + move.
type similarity struct{ turn, move complex128 }

// fit returns the similarity that takes points nearest to others, by the sum of squared distances (Umeyama 1991, without reflection):
//
//	turn = Σ (to − mean to)·conj(from − mean from) / Σ |from − mean from|²
func fit(from, to [3]complex128) (similarity, error) {
	var meanFrom, meanTo, cross, spread complex128
	for i := range from {
		meanFrom += from[i] / complex(float64(len(from)), 0)
		meanTo += to[i] / complex(float64(len(to)), 0)
	}
	for i := range from {
		d := from[i] - meanFrom
		cross += (to[i] - meanTo) * cmplx.Conj(d)
		spread += d * cmplx.Conj(d)
	}
	turn := cross / spread
	if abs := cmplx.Abs(turn); !(abs > 1e-3 && abs < 1e3) {
		return similarity{}, errors.New("the landmarks are no face: eyes and nose are in one place, or far from each other")
	}
	return similarity{turn, meanTo - turn*meanFrom}, nil
}

// back is the inverse.
func (s similarity) back(z complex128) complex128 { return (z - s.move) / s.turn }
