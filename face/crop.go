package face

import (
	"fmt"
	"math"
	"math/cmplx"

	"mien/data"
)

// Cutting faces out of pictures, as the pictures that a model learned from were.

// Crop is a way to cut a face out of a picture. A model's is the key data.crop of its recipe.
type Crop string

const (
	// None is the whole picture.
	None Crop = "none"
	// Drawn turns, scales and moves the face so that its eyes and its nose are where data/drawn has those of drawn faces: see data.Alignment.
	Drawn Crop = "eyes-nose"
	// BoxRotate is the box without margin, turned about its middle by the line of the eyes and stretched to a square: how the authors of S4D
	// cut out the frames of MAFW, and recommend to cut others (process/mtcnn.py of the released code, which has black corners instead of
	// what is beside the box).
	BoxRotate Crop = "box-rotation"
	// FivePoint has eyes, nose and corners of the mouth as near as can be to where ArcFace has them, with a margin of 15 % of its template on
	// all sides: that cuts through foreheads and chins.
	FivePoint Crop = "five-point"
)

// ParseCrop returns the crop of that name.
func ParseCrop(name string) (Crop, error) { return Crop(name), data.CheckCrop(name) }

// drawnAt is where the middles of the eyes are, and where the detector sees the nose, of a face that is aligned as data/drawn has it. Its nose
// is the tip. They are the means in the portraits of the 64 sitters for training of the London set, as they were aligned first: so that
// the landmarks of MobileFaceNet in them and in their mirror images were at their places in the mean.
var drawnAt = []data.Point{{X: 0.3, Y: 0.308}, {X: 0.7, Y: 0.308}, {X: 0.5, Y: 0.533}}

// seenAt is where the detector's first look sees the eyes and the nose of such a face: the eyes too high, by 7 % of their distance.
var seenAt = []data.Point{{X: 0.290, Y: 0.280}, {X: 0.710, Y: 0.280}, {X: 0.5, Y: 0.529}}

// arcFaceAt is ArcFace's template of 112×112 pixels, with a margin.
var arcFaceAt = func() []data.Point {
	const side, margin = 112, 0.15
	at := []data.Point{{X: 38.2946, Y: 51.6963}, {X: 73.5318, Y: 51.5014}, {X: 56.0252, Y: 71.7366}, {X: 41.5493, Y: 92.3655}, {X: 70.7299, Y: 92.2041}}
	for i, q := range at {
		at[i] = data.Point{X: (q.X/side + margin) / (1 + 2*margin), Y: (q.Y/side + margin) / (1 + 2*margin)}
	}
	return at
}()

// Place returns where the crop of a face is in its picture, of h×w pixels. It is an error if its points are no face.
func (c Crop) Place(f Face, h, w int) (data.Placement, error) {
	at := make([]complex128, len(f.Points))
	for i, q := range f.Points {
		at[i] = q.z()
	}
	switch c {
	case None:
		return data.Whole(h, w), nil
	case Drawn:
		if f.Middle {
			return data.Place(at[:len(drawnAt)], drawnAt)
		}
		return data.Place(at[:len(seenAt)], seenAt)
	case FivePoint:
		return data.Place(at, arcFaceAt)
	case BoxRotate:
		x, y := f.centre()
		turn := cmplx.Rect(0.5, cmplx.Phase(at[RightEye]-at[LeftEye]))
		return data.Placement{Middle: complex(x, y), Right: turn * complex(f.Width, 0), Down: turn * complex(0, f.Height)}, nil
	}
	return data.Placement{}, fmt.Errorf("%q is no crop", c)
}

// Frames returns the crop of a face from all frames, all alike, in size×size pixels; with None the frames as they are.
func (c Crop) Frames(frames *data.Frames, f Face, size int) (*data.Frames, error) {
	if c == None {
		return frames, nil
	}
	p, err := c.Place(f, frames.H, frames.W)
	if err != nil {
		return nil, err
	}
	return p.Frames(frames, size), nil
}

// within is how far the corners of a picture may be from those of the crop, as a share of a side, if the picture is a crop already: that holds
// for 156 of the 160 pictures of the London set that were cut to the face by hand, and for none of its portraits.
const within = 0.2

// Holds tells whether the crop of a face is nearly all of its picture, of h×w pixels: the picture was cut out before.
func (c Crop) Holds(f Face, h, w int) bool {
	p, err := c.Place(f, h, w)
	if err != nil {
		return false
	}
	whole := data.Whole(h, w).Corners()
	for i, corner := range p.Corners() {
		d := corner - whole[i]
		if !(math.Abs(real(d)) <= within*float64(w) && math.Abs(imag(d)) <= within*float64(h)) {
			return false
		}
	}
	return true
}
