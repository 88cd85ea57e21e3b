package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	ag "mien/autograd"
	"mien/data"
	"mien/data/drawn"
	"mien/engine"
	"mien/mobilefacenet"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/weights"
)

// Landmark networks: what they find in frames, and how far that is from where landmarks are.

// Locator is a landmark network ready for inference.
type Locator struct {
	modelfile.Description // of a network that mien trained
	Net                   finder

	size    int // of the frames that the network reads, in pixels
	backend engine.Backend
	scope   *nn.Scope // nil of a network that is being trained
}

// finder is a network that finds landmarks as a system.Locator does.
type finder interface {
	Landmarks(pixels *ag.Value) *ag.Value
}

// OpenLocator loads FILE|RUN: a run of `mien landmarks train` or its model, or MobileFaceNet's published weights.
func OpenLocator(fileOrRun string, b engine.Backend) (*Locator, error) {
	file, err := modelfile.Open(fileOrRun)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if mobilefacenet.IsPublished(file) {
		return openPublished(file, b)
	}
	d, err := modelfile.Describe(file)
	if err != nil {
		return nil, err
	}
	if d.System.Kind != recipe.Landmarks {
		return nil, fmt.Errorf("%s: a model of system %s, and no landmark network: name a run of `mien landmarks train`, or MobileFaceNet's .pth.tar or OpenVINO .xml",
			fileOrRun, d.System.Name)
	}
	net, scope, err := modelfile.LoadDescribed[system.Locator](file, d, b)
	if err != nil {
		return nil, err
	}
	return &Locator{Description: d, Net: net, size: d.Recipe.Model.ImageSize, backend: b, scope: scope}, nil
}

func openPublished(file *weights.File, b engine.Backend) (l *Locator, err error) {
	defer engine.Catch(&err)
	source, done, err := mobilefacenet.Source(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	scope := nn.NewInferenceScope(b, source, engine.Full)
	net := mobilefacenet.NewPublished(scope, mobilefacenet.WidthOf(file), mobilefacenet.Side)
	if err := cmp.Or(scope.Err(), done()); err != nil {
		scope.Free()
		return nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	return &Locator{Net: net, size: mobilefacenet.Side, backend: b, scope: scope}, nil
}

// Close releases the network's memory.
func (l *Locator) Close() {
	if l.scope != nil {
		l.scope.Free()
	}
}

// Landmarks finds those of the one face in each frame.
func (l *Locator) Landmarks(f *data.Frames) (found []data.Landmarks, err error) {
	defer engine.Catch(&err)
	t := ag.NewInferenceTape(l.backend, l.Precision)
	defer t.Close()
	pixels := (&system.Batch{Views: []data.View{data.Resize(f, l.size, l.size).View()}}).Pixels(t)
	points, err := engine.Read[float64](l.Net.Landmarks(pixels).Data())
	if err != nil {
		return nil, err
	}
	found = make([]data.Landmarks, f.T)
	for t := range found {
		for k := range found[t] {
			at := 2 * (t*data.NumLandmarks + k)
			found[t][k] = data.Point{X: points[at], Y: points[at+1]}
		}
	}
	return found, nil
}

// LandmarksOf returns where those of frames of a drawn face are, exactly.
func LandmarksOf(sample data.Sample, indices []int) ([]data.Landmarks, error) {
	face, ok := sample.(*drawn.Sample)
	if !ok {
		return nil, errors.New("a sample without landmarks: only drawn faces have them")
	}
	return face.Landmarks(indices)
}

// Corners of the eyes, by whose distance errors are divided.
const leftCorner, rightCorner = 36, 45

// NME is the normalised mean error of the landmarks of a face in a square frame: the mean distance between those that were found and the true
// ones, in percent of the distance between the outer corners of the eyes (300-W, Sagonas et al. 2013).
func NME(found, truth data.Landmarks) float64 {
	sum := 0.0
	for i := range truth {
		sum += distance(found[i], truth[i])
	}
	return 100 * sum / data.NumLandmarks / distance(truth[leftCorner], truth[rightCorner])
}

func distance(p, q data.Point) float64 { return math.Hypot(p.X-q.X, p.Y-q.Y) }

// LandmarkError is how far a network's landmarks are from the true ones.
type LandmarkError struct {
	NME    float64 `json:"nme"`    // mean over frames
	Frames int     `json:"frames"` // of images, one each
}

// Measure compares the landmarks in all frames of drawn faces with the true ones.
func (l *Locator) Measure(ctx context.Context, s data.Sets) (map[data.Modality]LandmarkError, error) {
	all := map[data.Modality]LandmarkError{}
	for _, d := range s.All() {
		var e LandmarkError
		for i := range d.Items {
			face, err := l.Locate(ctx, d.Items[i])
			if err != nil {
				return nil, err
			}
			for t, found := range face.Found {
				e.Frames++
				e.NME += (NME(found, face.Truth[t]) - e.NME) / float64(e.Frames)
			}
		}
		all[d.Modality] = e
	}
	return all, nil
}

// LocatedFace is a drawn face with its landmarks in each frame: those that a network found, and the true ones.
type LocatedFace struct {
	*data.Frames
	Found, Truth []data.Landmarks
}

// Locate finds the landmarks in all frames of a drawn face.
func (l *Locator) Locate(ctx context.Context, item data.Item) (f LocatedFace, err error) {
	sample, err := item.Open(ctx, data.OpenOptions{})
	if err != nil {
		return f, err
	}
	indices := make([]int, sample.Len())
	for i := range indices {
		indices[i] = i
	}
	if f.Frames, err = sample.Read(ctx, indices); err != nil {
		return f, err
	}
	if f.Truth, err = LandmarksOf(sample, indices); err != nil {
		return f, fmt.Errorf("%s: %w", item.Name, err)
	}
	f.Found, err = l.Landmarks(f.Frames)
	return f, err
}
