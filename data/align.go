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

// Align returns all frames turned, scaled and moved alike, so that the face with these landmarks is aligned in size×size pixels. Larger
// frames are first resized, with antialiasing; then pixels are interpolated bilinearly. Beyond the edges of a frame its outermost pixels
// go on.
func Align(f *Frames, face Landmarks, size int) (*Frames, error) {
	from, to := anchors(face), inPixels(alignedAt, size, size)
	s, err := fit(inPixels(from, f.H, f.W), to)
	if err != nil {
		return nil, err
	}
	if scale := cmplx.Abs(s.turn); scale < 1 {
		f = Resize(f, max(int(math.Round(scale*float64(f.H))), 1), max(int(math.Round(scale*float64(f.W))), 1))
		if s, err = fit(inPixels(from, f.H, f.W), to); err != nil {
			return nil, err
		}
	}
	return s.warp(f, size), nil
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

// warp moves the pixels of all frames.
func (s similarity) warp(f *Frames, size int) *Frames {
	out := NewFrames(f.T, size, size)
	for y := range size {
		for x := range size {
			z := (complex(float64(x)+0.5, float64(y)+0.5) - s.move) / s.turn
			left, right, dx := neighbours(real(z), f.W)
			above, below, dy := neighbours(imag(z), f.H)
			for t := range f.T {
				frame, pixel := f.Frame(t), out.Frame(t)[(y*size+x)*3:]
				for c := range 3 {
					at := func(y, x int) float64 { return float64(frame[(y*f.W+x)*3+c]) }
					upper := between(at(above, left), at(above, right), dx)
					pixel[c] = uint8(math.Round(between(upper, between(at(below, left), at(below, right), dx), dy)))
				}
			}
		}
	}
	return out
}

// neighbours returns the pixels of a line of n between whose centres a place lies, and how far it is from the first to the second.
func neighbours(place float64, n int) (first, second int, far float64) {
	place = min(max(place-0.5, 0), float64(n-1))
	first = int(place)
	return first, min(first+1, n-1), place - float64(first)
}

func between(a, b, far float64) float64 { return a + float64((b-a)*far) }
