// Package face finds faces in pictures with YuNet (Wu, Peng and Yu 2023), a convolutional network of 53,104 weights that are part of this
// package: see weights/NOTICE.md. Each cell of three grids, 8, 16 and 32 pixels wide, says whether a face is there, and where its box and
// five of its points are from the cell; there are no anchors.
//
// Faces are found upright: of one that is upside down the box is found, with a high score, but its points are wrong. So pictures must be
// turned before, as package data does by EXIF.
//
// A Tracker follows faces through a video, and a Crop cuts them out, as a Placement that Steady keeps calm.
package face

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"math"
	"slices"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/face/eyes"
	"mien/nn"
	"mien/weights"
)

// Face is one that was found, in pixels of the picture.
type Face struct {
	Box
	Score  float64 // from 0 to 1
	Points [5]Point
	Middle bool // whether its eyes are halfway between the corners of their lids, as Closer and Eyes find them, and not where YuNet sees them
}

// Largest is the index of the face with the largest box; there is at least one.
func Largest(faces []Face) (largest int) {
	for i, f := range faces {
		if f.Width*f.Height > faces[largest].Width*faces[largest].Height {
			largest = i
		}
	}
	return largest
}

// Box is a rectangle, which may reach beyond the picture.
type Box struct{ X, Y, Width, Height float64 }

// Point is a place, from the upper left corner of the picture.
type Point struct{ X, Y float64 }

// Points of a face, left and right as in the picture.
const (
	LeftEye = iota
	RightEye
	Nose
	LeftMouth
	RightMouth
)

// Options of detection. DefaultOptions has values that suit pictures.
type Options struct {
	Score   float64 // least score of a face
	Overlap float64 // of two boxes that overlap more, as a share of their union, the one with the lower score is dropped
	Most    int     // faces in a picture, those of the highest scores
	Least   float64 // width in pixels of the smallest face to look for: the picture is enlarged for smaller ones, and reduced for larger ones
	Longest int     // but at most to this longer side
}

// DefaultOptions look at pictures up to 640 pixels wide and high as they are, and at larger ones reduced to that. In 20 portraits of the
// London set at many sizes the network finds all faces from 21 to 400 pixels wide, which fill their pictures, and none beside them; 19
// of those of 17 pixels, half of those of 15, none of 12. Above 500 it begins to find parts of a face. So one size will do, and it takes
// 12 ms on one core for 640×480 pixels, 3 for 320×240. With 12 for Least it finds faces of 12 pixels in pictures up to 426 pixels wide,
// for twice the time.
var DefaultOptions = Options{Score: 0.6, Overlap: 0.4, Most: 100, Least: smallest, Longest: 640}

// smallest is the width in pixels of the faces that the network finds in nearly all cases.
const smallest = 18

// Detector is a network ready for use. It is not safe for concurrent use, as its backend.
type Detector struct {
	backend engine.Backend
	scope   *nn.Scope
	net     *network
	eyes    *eyes.Finder
	pixels  []float32 // of the frames looked at, kept for the next
}

// embedded are the weights of YuNet-s, in the form of this package.
//
//go:embed weights/yunet_s.safetensors
var embedded []byte

// Digest is the SHA-256 of the embedded weights.
func Digest() string { return fmt.Sprintf("%x", sha256.Sum256(embedded)) }

// New loads the network that is part of this package.
func New(b engine.Backend) (*Detector, error) {
	file, err := weights.OpenBytes("the embedded YuNet", embedded)
	if err != nil {
		return nil, err
	}
	return Open(file, b)
}

// Open loads YuNet-s or YuNet-n from a file: the ONNX file as published, or one with the names of the embedded weights.
func Open(file nn.Weights, b engine.Backend) (d *Detector, err error) {
	defer engine.Catch(&err)
	from, of, err := source(file)
	if err != nil {
		return nil, err
	}
	scope := nn.NewInferenceScope(b, from, engine.Full)
	d = &Detector{backend: b, scope: scope, net: newNetwork(scope, of)}
	if err := scope.Err(); err != nil {
		scope.Free()
		return nil, err
	}
	if d.eyes, err = eyes.New(b); err != nil {
		scope.Free()
		return nil, err
	}
	return d, nil
}

// Close releases the networks' memory.
func (d *Detector) Close() {
	d.scope.Free()
	d.eyes.Close()
}

// Detect returns the faces of each frame, best first.
func (d *Detector) Detect(f *data.Frames, opt Options) (found [][]Face, err error) {
	defer engine.Catch(&err)
	seen := f
	if scale := min(smallest/opt.Least, float64(opt.Longest)/float64(max(f.H, f.W))); scale != 1 {
		seen = data.Resize(f, scaled(f.H, scale), scaled(f.W, scale))
	}
	atOnce := max(1, maxPixels/(seen.H*seen.W))
	for from := 0; from < f.T; from += atOnce {
		some := &data.Frames{T: min(atOnce, f.T-from), H: seen.H, W: seen.W, Pix: seen.Pix[from*seen.H*seen.W*3:]}
		faces, err := d.look(some, opt)
		if err != nil {
			return nil, err
		}
		found = append(found, faces...)
	}
	for _, faces := range found {
		for i := range faces {
			faces[i].stretch(float64(f.W)/float64(seen.W), float64(f.H)/float64(seen.H))
		}
	}
	return found, nil
}

func scaled(side int, scale float64) int { return max(1, int(math.Round(float64(side)*scale))) }

// stretch brings a face to where it is in a picture of another size.
func (f *Face) stretch(x, y float64) {
	f.Box = Box{f.X * x, f.Y * y, f.Width * x, f.Height * y}
	for i, p := range f.Points {
		f.Points[i] = Point{p.X * x, p.Y * y}
	}
}

// maxPixels of frames are looked at together, unless one has more: a pass takes 90 bytes for each, and is no faster with more than 40,000.
const maxPixels = 1 << 17

// look finds the faces of frames as they are.
func (d *Detector) look(f *data.Frames, opt Options) (found [][]Face, err error) {
	tape := ag.NewInferenceTape(d.backend, engine.Full)
	defer tape.Close()
	found = make([][]Face, f.T)
	for level, cells := range d.cells(tape, f) {
		values, err := engine.Read[float32](cells.Data())
		if err != nil {
			return nil, err
		}
		for t := range found {
			frame := values[t*len(values)/f.T : (t+1)*len(values)/f.T]
			found[t] = decode(found[t], frame, cells.Dim(3), strides[level], opt.Score)
		}
	}
	for t := range found {
		found[t] = suppress(found[t], opt.Overlap, opt.Most)
	}
	return found, nil
}

// cells returns what those of each level say of frames: see network.forward.
func (d *Detector) cells(tape *ag.Tape, f *data.Frames) [len(strides)]*ag.Value {
	h, w := padded(f.H), padded(f.W)
	return d.net.forward(tape.Const(engine.FromSlice(d.backend, engine.Float32, d.floats(f, h, w), f.T, 1, h, w, 3)))
}

func padded(side int) int { return (side + alignment - 1) / alignment * alignment }

// floats returns the pixels of frames as numbers from 0 to 255, with black below and to the right up to h×w.
func (d *Detector) floats(f *data.Frames, h, w int) []float32 {
	d.pixels = slices.Grow(d.pixels[:0], f.T*h*w*3)[:f.T*h*w*3]
	from, to := f.Pix, d.pixels
	for range f.T {
		for range f.H {
			for i, v := range from[:f.W*3] {
				to[i] = float32(v)
			}
			clear(to[f.W*3 : w*3])
			from, to = from[f.W*3:], to[w*3:]
		}
		clear(to[:(h-f.H)*w*3])
		to = to[(h-f.H)*w*3:]
	}
	return d.pixels
}
