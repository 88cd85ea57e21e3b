package data

import "math/cmplx"

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
	Placement
	h, w, size int // pixels of the frames, and of the aligned face
}

// NewAlignment returns the one that aligns a face with these landmarks, in frames of h×w pixels, in size×size pixels.
func NewAlignment(face Landmarks, h, w, size int) (Alignment, error) {
	at := anchors(face)
	p, err := Place(inPixels(at[:], h, w), alignedAt[:])
	return Alignment{p, h, w, size}, err
}

// Frames returns all frames aligned alike.
func (a Alignment) Frames(f *Frames) *Frames { return a.Placement.Frames(f, a.size) }

// Back returns where landmarks of aligned frames are in the frames as they were.
func (a Alignment) Back(l Landmarks) Landmarks {
	for i, q := range l {
		z := a.At(q.X, q.Y)
		l[i] = Point{real(z) / float64(a.w), imag(z) / float64(a.h)}
	}
	return l
}

// Apart returns how far the eyes and the nose of two faces in frames of h×w pixels are from each other: the farthest, as a share of the
// distance between the eyes of the first.
func Apart(one, other Landmarks, h, w int) (far float64) {
	here, there := anchors(one), anchors(other)
	p, q := inPixels(here[:], h, w), inPixels(there[:], h, w)
	for i := range p {
		far = max(far, cmplx.Abs(p[i]-q[i])/cmplx.Abs(p[0]-p[1]))
	}
	return far
}

// inPixels returns points of a frame of h×w pixels as complex numbers: x + iy from its upper left corner.
func inPixels(points []Point, h, w int) []complex128 {
	all := make([]complex128, len(points))
	for i, q := range points {
		all[i] = complex(q.X*float64(w), q.Y*float64(h))
	}
	return all
}
