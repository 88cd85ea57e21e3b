package face

import (
	"math/cmplx"

	"mien/data"
)

// The middles of eyes. YuNet sees eyes too high, by some percent of their distance, and by how much differs from face to face: package eyes
// knows better, and this file says how far it is believed.

// Where the points of the first look, and Closer's, see the left eye, from its middle, as a share of the distance between those points: means
// in the portraits of the 64 sitters for training of the London set. The right eye is seen as the left one in a mirror.
const (
	outwardFirst  = -0.0229 - 0.0671i
	outwardCloser = -0.0238 - 0.0527i
)

const (
	// bound is how far the middle of an eye may be from where YuNet sees it in the mean, as a share of the distance between the eyes.
	bound = 0.1
	// A middle whose corners are spread by less is believed, one that is spread by more than vague is not, and between them in part. By four
	// folds of the sitters for training (bench/eyes): those of eyes in full view are narrower than sharp; where a part is covered, and halfway
	// to vague, eyes are found no nearer than they are looked for.
	sharp, vague = 0.1, 0.18
	// leastApart is the distance in pixels of the nearest eyes that are looked at: nearer ones show no corners.
	leastApart = 12
)

// Eyes returns a face that Detect found in a picture with its eyes at the middles between the corners of their lids: all that Closer knows
// better of eyes, for a tenth of its time, which a video has for each frame.
func (d *Detector) Eyes(picture *data.Frames, f Face) (Face, error) {
	return d.middles(picture, f, outwardFirst)
}

// middles returns a face with its eyes at their middles, where they are seen outward of them in the mean. It takes half a millisecond on one core.
func (d *Detector) middles(picture *data.Frames, f Face, outward complex128) (Face, error) {
	left, right := f.Points[LeftEye].z(), f.Points[RightEye].z()
	apart := right - left
	at := [...]complex128{LeftEye: left - outward*apart, RightEye: right + cmplx.Conj(outward)*apart}
	if cmplx.Abs(apart) >= leastApart {
		found, err := d.eyes.Find(picture, at[LeftEye], at[RightEye])
		if err != nil {
			return f, err
		}
		for i, eye := range found {
			at[i] += believed(eye.Middle-at[i], bound*cmplx.Abs(apart), eye.Spread)
		}
	}
	for i, z := range at {
		f.Points[i] = Point{real(z), imag(z)}
	}
	f.Middle = true
	return f, nil
}

// believed returns the part of a move that is made: at most some pixels, and less the wider the corners are spread, so that nothing jumps in a
// video from which an eye disappears.
func believed(move complex128, most, spread float64) complex128 {
	share := min(max((vague-spread)/(vague-sharp), 0), 1)
	if far := cmplx.Abs(move); far > most {
		share *= most / far
	}
	return complex(share, 0) * move
}

func (p Point) z() complex128 { return complex(p.X, p.Y) }
