package experiment

import (
	"context"
	"fmt"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/mae"
	"mien/moae"
	"mien/nn"
	"mien/recipe"
	"mien/train"
	"mien/weights"
)

// Curve is the training loss of one modality over the steps of a run.
type Curve struct {
	Modality data.Modality
	Steps    []float64
	Loss     []float64
}

// Curves returns the losses that a run folder logged.
func Curves(dir string) ([]Curve, error) {
	entries, err := readLog(dir)
	if err != nil {
		return nil, err
	}
	curves := []Curve{{Modality: data.Image}, {Modality: data.Video}}
	step := 0
	for _, e := range entries {
		for i := range curves {
			if e.Modality == string(curves[i].Modality) {
				curves[i].Steps = append(curves[i].Steps, float64(step))
				curves[i].Loss = append(curves[i].Loss, e.Loss)
			}
		}
		if e.Modality != "" {
			step++
		}
	}
	return curves, nil
}

// Reconstruction shows what a masked autoencoder made of a sample: what it was, what was left of it, and what the decoder
// predicted for the hidden patches.
type Reconstruction struct {
	Name                  string
	Input, Masked, Output *data.Frames
}

// Reconstruct runs the pre-trained model of a run folder on the first n pictures and clips of the sets. As the decoder
// predicts patches normalised by their own mean and deviation, these are taken from the true patch.
func Reconstruct(ctx context.Context, dir string, s Sets, n int) ([]Reconstruction, error) {
	path, err := weightsPath(dir)
	if err != nil {
		return nil, err
	}
	file, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := recipe.Parse([]byte(file.Metadata()["recipe"]))
	if err != nil {
		return nil, fmt.Errorf("%s: recipe inside the file: %w", path, err)
	}
	backend := engine.NewCPU()
	load := &nn.Load{File: file}
	scope := nn.NewScope(backend, engine.Float32, load)
	model := mae.New(scope, r.MAE())
	if err := scope.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all []Reconstruction
	for _, d := range s.each() {
		for i := range min(n, d.Len()) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			rec, err := reconstruct(model, backend, r, d, i)
			if err != nil {
				return nil, err
			}
			all = append(all, rec)
		}
	}
	return all, nil
}

func reconstruct(model *mae.Model, backend engine.Backend, r recipe.Recipe, d data.Dataset, i int) (Reconstruction, error) {
	rec := Reconstruction{Name: d.Name(i)}
	clip, err := d.Open(i)
	if err != nil {
		return rec, err
	}
	b := &batch{step: i, modality: d.Modality(), size: 1, frames: 1}
	indices := []int{0}
	if b.modality == data.Video {
		b.frames = r.Model.Frames
		indices = data.TestWindows(clip.Len(), b.frames, r.Data.Stride)[0]
	}
	frames, err := clip.Read(indices)
	if err != nil {
		return rec, err
	}
	b.pixels = evalTransform(r).Eval(frames)
	side := r.Model.ImageSize
	t := ag.NewInferenceTape(backend, engine.Full)
	defer t.Close()
	mask := maskOf(r, b)
	out := model.Forward(pixelsOf(t, b, side), mask)
	pred, err := engine.Read[float32](out.Pred.Data())
	if err != nil {
		return rec, err
	}
	shown := model.Paint(b.pixels, pred, mask, b.frames)
	rec.Input = data.Denormalize(b.pixels, b.frames, side, side)
	rec.Masked = data.Denormalize(shown.Masked, b.frames, side, side)
	rec.Output = data.Denormalize(shown.Output, b.frames, side, side)
	return rec, nil
}

// Routing tells which share of the tokens each expert got, for each block with experts.
type Routing struct {
	Blocks       []int
	Image, Video [][]float64 // [block][expert], each row sums to 1
}

// RoutingOf counts the choices of the routers on the first n samples of each set.
func (m *Model) RoutingOf(ctx context.Context, s Sets, n int) (*Routing, error) {
	r := &Routing{Blocks: m.Net.MoAEBlocks}
	for _, d := range s.each() {
		shares := make([][]float64, len(r.Blocks))
		for i := range shares {
			shares[i] = make([]float64, m.Net.MoAE.Experts)
		}
		for i := range min(n, d.Len()) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := m.countChoices(shares, d, i, 1/float64(min(n, d.Len()))); err != nil {
				return nil, err
			}
		}
		if d.Modality() == data.Image {
			r.Image = shares
		} else {
			r.Video = shares
		}
	}
	return r, nil
}

// countChoices adds the shares of one sample.
func (m *Model) countChoices(shares [][]float64, d data.Dataset, i int, weight float64) error {
	clip, err := d.Open(i)
	if err != nil {
		return err
	}
	p, err := m.prepare(clip, d.Modality())
	if err != nil {
		return err
	}
	b := &batch{modality: p.modality, size: p.views, frames: 1, pixels: p.pixels}
	if b.modality == data.Video {
		b.frames = m.Recipe.Model.Frames
	}
	t := ag.NewInferenceTape(m.backend, m.Precision)
	defer t.Close()
	out := m.Net.Forward(pixelsOf(t, b, m.Recipe.Model.ImageSize), b.modality, moae.Pass{Noise: train.Stream(0, "routing", i)})
	for block, routing := range out.Routing {
		choices, err := engine.Read[int32](routing.Choice.Data())
		if err != nil {
			return err
		}
		for _, c := range choices {
			shares[block][int(c)%m.Net.MoAE.Experts] += weight / float64(len(choices))
		}
	}
	return nil
}

// Example is a sample with what the model says of it.
type Example struct {
	Frames     *data.Frames
	Truth      string
	Prediction Prediction
}

// Examples predicts the first n samples of each set.
func (m *Model) Examples(ctx context.Context, s Sets, n int) ([]Example, error) {
	var all []Example
	for _, d := range s.each() {
		for i := range min(n, d.Len()) {
			clip, err := d.Open(i)
			if err != nil {
				return nil, err
			}
			p, err := m.Predict(ctx, d.Name(i), clip, d.Modality())
			if err != nil {
				return nil, err
			}
			views, err := m.views(clip, d.Modality())
			if err != nil {
				return nil, err
			}
			all = append(all, Example{Frames: views[0], Truth: m.Labels[d.Modality()][d.Label(i)], Prediction: p})
		}
	}
	return all, nil
}
