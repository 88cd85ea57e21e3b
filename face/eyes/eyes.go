// Package eyes finds the middle of each eye of a face whose eyes are roughly known: halfway between the corners of its lids, wherever it
// looks and however far it is open. Its network is small, and learned here: weights/CARD.md says from what, and bench/eyes how.
package eyes

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"math"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/weights"
)

// Finder is the network ready for use. It is not safe for concurrent use, as its backend.
type Finder struct {
	backend engine.Backend
	scope   *nn.Scope
	net     *Net
	pixels  []float32 // of the last views, kept for the next
}

// embedded are the network's weights.
//
//go:embed weights/eyes.safetensors
var embedded []byte

// Embedded returns the weights that are part of this package.
func Embedded() []byte { return embedded }

// Digest is the SHA-256 of these weights.
func Digest() string { return fmt.Sprintf("%x", sha256.Sum256(embedded)) }

// Card says what the weights were learned from, and what they are good for.
//
//go:embed weights/CARD.md
var Card string

// New loads the network that is part of this package.
func New(b engine.Backend) (*Finder, error) {
	file, err := weights.OpenBytes("the embedded eyes", embedded)
	if err != nil {
		return nil, err
	}
	return Open(file, b)
}

// Open loads the network from a file.
func Open(file nn.Weights, b engine.Backend) (f *Finder, err error) {
	defer engine.Catch(&err)
	scope := nn.NewInferenceScope(b, &nn.Load{File: file}, engine.Full)
	f = &Finder{backend: b, scope: scope, net: NewNet(scope)}
	if err := scope.Err(); err != nil {
		scope.Free()
		return nil, err
	}
	return f, nil
}

// Of returns a network as it is, while it learns.
func Of(n *Net, b engine.Backend) *Finder { return &Finder{backend: b, net: n} }

// Close releases the network's memory.
func (f *Finder) Close() { f.scope.Free() }

// Eye is where the middle of an eye is, in pixels of the picture, and how far its corners may be from where they were found: the larger standard
// deviation of their maps, as a share of the distance between the eyes.
type Eye struct {
	Middle complex128
	Spread float64
}

// Find returns the left and the right eye of a face, in a picture of one frame, that are near the given places.
func (f *Finder) Find(picture *data.Frames, left, right complex128) (found [2]Eye, err error) {
	defer engine.Catch(&err)
	places := [2]data.Placement{Place(left, right-left, false), Place(right, right-left, true)}
	f.pixels = f.pixels[:0]
	for _, p := range places {
		f.pixels = Pixels(f.pixels, p.Frames(picture, Side).Pix)
	}
	tape := ag.NewInferenceTape(f.backend, engine.Full)
	defer tape.Close()
	views := tape.Const(engine.FromSlice(f.backend, engine.Float32, f.pixels, len(places), 1, Side, Side, 3))
	maps, err := engine.Read[float32](ag.Softmax(f.net.Maps(views, nil)).Data())
	if err != nil {
		return found, err
	}
	for i, p := range places {
		found[i] = read(maps[i*Corners*Grid*Grid:], p)
	}
	return found, nil
}

// read reads the maps of a view's corners.
func read(maps []float32, p data.Placement) (e Eye) {
	for range Corners {
		at, spread := mean(maps[:Grid*Grid])
		e.Middle += p.At(real(at), imag(at)) / Corners
		e.Spread = max(e.Spread, spread*Span)
		maps = maps[Grid*Grid:]
	}
	return e
}

// mean returns the mean place of a map, and the standard deviation from it, as shares of a side.
func mean(m []float32) (at complex128, deviation float64) {
	squares := 0.
	for i, v := range m {
		x, y := (float64(i%Grid)+0.5)/Grid, (float64(i/Grid)+0.5)/Grid
		at += complex(float64(v), 0) * complex(x, y)
		squares += float64(v) * (x*x + y*y)
	}
	return at, math.Sqrt(max(0, squares-real(at)*real(at)-imag(at)*imag(at)))
}
