package report

import (
	"cmp"
	"context"
	"fmt"
	"image"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/infer"
	"mien/modelfile"
	"mien/system"
)

// What a page shows of single samples: reconstructions, predictions and the routing of tokens to experts.

// Reconstruction shows a sample through a masked autoencoder: the original, the visible patches, and the decoder's prediction
// of the hidden ones.
type Reconstruction struct{ Input, Masked, Output *data.Frames }

// Reconstruct runs the pre-trained model of a file or run folder on the first n samples of each set.
func Reconstruct(ctx context.Context, fileOrRun string, b engine.Backend, s data.Sets, n int) (all []Reconstruction, err error) {
	model, d, scope, err := modelfile.Load[system.Reconstructor](fileOrRun, b, nil)
	if err != nil {
		return nil, err
	}
	defer scope.Free()
	views := infer.Model{Description: d}
	return collect(ctx, s, n, func(set *data.Dataset, i int, sample data.Sample) (Reconstruction, error) {
		seen, err := views.Views(ctx, sample, set.Modality)
		if err != nil {
			return Reconstruction{}, err
		}
		return reconstruct(model, b, &system.Batch{Step: i, Seed: d.Recipe.Seed, Modality: set.Modality, Views: seen[:1]})
	})
}

func reconstruct(model system.Reconstructor, backend engine.Backend, b *system.Batch) (r Reconstruction, err error) {
	defer engine.Catch(&err)
	t := ag.NewInferenceTape(backend, engine.Full)
	defer t.Close()
	masked, output, err := model.Reconstruct(t, b)
	if err != nil {
		return r, err
	}
	view := b.Views[0]
	frames := func(pixels []float32) *data.Frames {
		return data.View{T: view.T, H: view.H, W: view.W, Floats: pixels}.Frames()
	}
	return Reconstruction{Input: view.Frames(), Masked: frames(masked), Output: frames(output)}, nil
}

// collect returns what show makes of the first n samples of each set.
func collect[T any](ctx context.Context, s data.Sets, n int, show func(*data.Dataset, int, data.Sample) (T, error)) (all []T, err error) {
	for _, d := range s.All() {
		for i, item := range d.Items[:min(n, len(d.Items))] {
			sample, err := item.Open(ctx, data.OpenOptions{})
			if err != nil {
				return nil, err
			}
			shown, err := show(d, i, sample)
			if err = cmp.Or(err, ctx.Err()); err != nil {
				return nil, err
			}
			all = append(all, shown)
		}
	}
	return all, nil
}

// Example is a sample with a model's prediction.
type Example struct {
	Frames *data.Frames
	Truth  string
	infer.Prediction
}

// Examples predicts the first n samples of each set, whose classes are matched to the model's.
func Examples(ctx context.Context, m *infer.Model, s data.Sets, n int) ([]Example, error) {
	return collect(ctx, s, n, func(d *data.Dataset, i int, sample data.Sample) (e Example, err error) {
		if e.Prediction, err = m.Predict(ctx, d.Items[i].Name, sample, d.Modality); err != nil {
			return e, err
		}
		views, err := m.Views(ctx, sample, d.Modality)
		if err != nil {
			return e, err
		}
		e.Frames, e.Truth = views[0].Frames(), m.Labels[d.Modality][d.Items[i].Label]
		return e, nil
	})
}

// Attended is a sample with what a model attends to in it.
type Attended struct {
	Truth   string
	Picture image.Image
}

// AttentionOf draws the attention on the first n samples of each set, of a video in its first window.
func AttentionOf(ctx context.Context, m *infer.Model, s data.Sets, n int) ([]Attended, error) {
	return collect(ctx, s, n, func(d *data.Dataset, i int, sample data.Sample) (a Attended, err error) {
		views, err := m.Views(ctx, sample, d.Modality)
		if err != nil {
			return a, err
		}
		trace, err := m.Trace(ctx, views[0], d.Modality)
		if err != nil {
			return a, fmt.Errorf("%s: %w", d.Items[i].Name, err)
		}
		picture := AttentionMaps([]ModelTrace{{Experts: m.Recipe.Model.Experts, Trace: trace}})
		return Attended{m.Labels[d.Modality][d.Items[i].Label], picture}, nil
	})
}

// Routing is the share of tokens that each expert received, for each block with experts.
type Routing struct {
	Title        string
	Blocks       []int
	Image, Video [][]float64 // [block][expert], each row sums to 1
}

// RoutingOf counts the choices of the routers on the first n samples of each set. It is nil for a model without experts.
func RoutingOf(ctx context.Context, m *infer.Model, s data.Sets, n int) (*Routing, error) {
	net, ok := m.Net.(system.Sparse)
	if !ok || len(net.ExpertBlocks()) == 0 {
		return nil, nil
	}
	r := &Routing{Title: "Tokens of each expert", Blocks: net.ExpertBlocks()}
	for _, d := range s.All() {
		n := min(n, len(d.Items))
		shares := make([][]float64, len(r.Blocks))
		for i := range shares {
			shares[i] = make([]float64, m.Recipe.Model.Experts)
		}
		for i := range n {
			choices, err := m.Routes(ctx, d, i)
			if err != nil {
				return nil, err
			}
			for block, experts := range choices {
				for _, e := range experts {
					shares[block][e] += 1 / float64(len(experts)*n)
				}
			}
		}
		*data.ByModality(d.Modality, &r.Image, &r.Video) = shares
	}
	return r, nil
}

// CentresOf compares the class centres of images and of videos, from at most so many samples of each class. It is nil unless there
// are both, and for a model that shows no features.
func CentresOf(ctx context.Context, m *infer.Model, s data.Sets, most int) (*Centres, error) {
	if _, ok := m.Net.(system.Embedder); !ok || s.Image == nil || s.Video == nil {
		return nil, nil
	}
	images, err := m.Centres(ctx, s.Image, most)
	if err != nil {
		return nil, err
	}
	videos, err := m.Centres(ctx, s.Video, most)
	if err != nil {
		return nil, err
	}
	return &Centres{m.Labels[data.Image], m.Labels[data.Video], infer.Cosines(images, videos)}, nil
}
