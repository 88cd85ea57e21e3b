package infer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mien/data"
)

// Cross-task evaluation (S4D table IX): the head of one modality answers to samples of the other.
//
// The encoder takes an image and a video alike, so a video head answers to an image through the network as it is: the image is
// repeated to one tubelet, and the head reads the mean of its tokens. An image head has never seen tokens of several moments, so
// that it answers to a video frame by frame: the result is the mean of the probabilities over the different frames that the windows
// of an evaluation hold. The paper does not say how it went about either.

// HeadFor returns the modality whose head answers to samples of a modality in Evaluate.
func (m *Model) HeadFor(samples data.Modality) data.Modality {
	if m.Head != "" {
		return m.Head
	}
	return samples
}

// frameByFrame reports whether each frame of a sample is an input of its own.
func (m *Model) frameByFrame(samples data.Modality) bool {
	return samples == data.Video && m.HeadFor(samples) == data.Image
}

// stills returns the different frames that the windows of a video hold, each as an image.
func (m *Model) stills(ctx context.Context, video data.Sample) ([]data.View, error) {
	var indices []int
	for _, w := range m.windows(video.Len(), data.Video, false) {
		indices = append(indices, w.Indices(m.Recipe.Model.Frames)...)
	}
	slices.Sort(indices)
	frames, err := video.Read(ctx, slices.Compact(indices))
	if err != nil {
		return nil, err
	}
	var views []data.View
	for t := range frames.T {
		one := &data.Frames{T: 1, H: frames.H, W: frames.W, Pix: frames.Frame(t)}
		views = append(views, m.View(one))
	}
	return views, nil
}

// crossed returns a set for the head of the other modality, which must go by names: a list that numbers its classes means those of
// the model's head for such samples or, without one, the usual ones.
func (m *Model) crossed(d *data.Dataset) (named *data.Dataset, note string) {
	other := *d
	other.Named = true
	if d.Classes == nil {
		largest := 0
		for _, item := range d.Items {
			largest = max(largest, item.Label)
		}
		other.Classes = m.Labels[d.Modality]
		if other.Classes == nil {
			other.Classes = data.DefaultLabels(d.Modality, max(largest+1, len(data.AffectNet7)))
		}
		note = fmt.Sprintf("the list numbers its classes: they are taken to be %s, for the %s head goes by names",
			strings.Join(other.Classes, ", "), m.HeadFor(d.Modality))
	}
	return &other, note
}
