package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/data/drawn"
	"mien/engine"
	"mien/engine/cpu"
	"mien/system"
)

// The error is divided by the distance of the outer corners of the eyes, and is the mean over landmarks.
func TestNME(t *testing.T) {
	var truth, found data.Landmarks
	truth[36], truth[45] = data.Point{X: 0.25, Y: 0.5}, data.Point{X: 0.5, Y: 0.5}
	found = truth
	require.Zero(t, NME(found, truth))
	found[7], found[45] = data.Point{X: 0.03, Y: 0.04}, data.Point{X: 0.5, Y: 0.75}
	require.InDelta(t, 100*(0.05+0.25)/68/0.25, NME(found, truth), 1e-12)
	truth[45] = data.Point{X: 0.25, Y: 0.9}
	require.InDelta(t, 100*(0.05+0.2915476)/68/0.4, NME(found, truth), 1e-5)
}

// byPlace finds landmark k of frame f at (f + k/100, k/10 + the brightness of the frame's first pixel).
type byPlace struct{ size int }

func (byPlace) Loss(*ag.Tape, *system.Batch) *ag.Value { return nil }
func (byPlace) MACs(data.Modality) int                 { return 0 }

func (n byPlace) Landmarks(pixels *ag.Value) *ag.Value {
	b := pixels.Tape().Backend()
	engine.CheckShape("byPlace", pixels.Data(), 1, -1, n.size, n.size, 3)
	bytes, err := engine.Read[uint8](pixels.Data())
	if err != nil {
		panic(err)
	}
	frames := pixels.Dim(1)
	var points []float32
	for f := range frames {
		for k := range data.NumLandmarks {
			points = append(points, float32(f)+float32(k)/100, float32(k)/10+float32(bytes[f*n.size*n.size*3])/255)
		}
	}
	return pixels.Tape().Const(engine.FromSlice(b, engine.Float32, points, frames, data.NumLandmarks, 2))
}

// locator is one for frames of 20 pixels.
func locator(t *testing.T) *Locator {
	return &Locator{Net: byPlace{20}, size: 20, backend: cpu.New()}
}

// Landmarks are those of each frame, which is resized.
func TestLandmarksOfFrames(t *testing.T) {
	f := data.NewFrames(3, 30, 40)
	for i := range f.Frame(2) {
		f.Frame(2)[i] = 255
	}
	found, err := locator(t).Landmarks(f)
	require.NoError(t, err)
	require.Len(t, found, 3)
	require.InDelta(t, 0.42, found[0][42].X, 1e-6)
	require.InDelta(t, 4.2, found[0][42].Y, 1e-6)
	require.InDelta(t, 2.67, found[2][67].X, 1e-6)
	require.InDelta(t, 7.7, found[2][67].Y, 1e-6)
}

// All frames of all faces count alike.
func TestMeasure(t *testing.T) {
	l := locator(t)
	sets := data.Sets{Image: drawn.Images(3, 2, 20), Video: drawn.Videos(3, 2, 5, 20)}
	measured, err := l.Measure(t.Context(), sets)
	require.NoError(t, err)
	for of, frames := range map[data.Modality]int{data.Image: 1, data.Video: 5} {
		sum := 0.0
		for _, item := range sets.Of(of).Items {
			face, err := l.Locate(t.Context(), item)
			require.NoError(t, err)
			require.Len(t, face.Found, frames)
			require.Len(t, face.Truth, frames)
			require.Equal(t, frames, face.T)
			for i := range face.Found {
				sum += NME(face.Found[i], face.Truth[i]) / float64(2*frames)
			}
		}
		require.Equal(t, 2*frames, measured[of].Frames)
		require.InEpsilon(t, sum, measured[of].NME, 1e-9)
	}
	require.Len(t, measured, 2)
	sets.Image.Items[1] = data.Cache(sets.Image, data.NewBudget(1<<20), 20, 20).Items[1]
	_, err = l.Measure(t.Context(), sets)
	require.ErrorContains(t, err, sets.Image.Items[1].Name+": a sample without landmarks: only drawn faces have them")
}

// Published weights are a locator, too: of faces of 50 pixels, which it resizes.
func TestOpenPublished(t *testing.T) {
	errors, err := publishedNet(t).Measure(t.Context(), data.Sets{Image: drawn.Images(9, 12, 50)})
	require.NoError(t, err)
	require.Equal(t, 12, errors[data.Image].Frames)
	require.Less(t, errors[data.Image].NME, 6.0, "of drawn faces, by what has learned from photographs")
}

// What is no landmark network is named.
func TestOpenLocatorOfOthers(t *testing.T) {
	o := options(t, toy(t, "s4d-tiny"))
	trained(t, o)
	for name, want := range map[string]string{"none": "none", "locate_test.go": "locate_test.go",
		o.Out: o.Out + ": a model of system s4d, and no landmark network: name a run of `mien landmarks train`, or MobileFaceNet's .pth.tar or OpenVINO .xml"} {
		_, err := OpenLocator(name, cpu.New())
		require.ErrorContains(t, err, want)
	}
}
