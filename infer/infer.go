// Package infer is for programs that use a trained model: open one, predict the expression in images and videos, evaluate it on
// labelled sets. It imports nothing for training.
//
// [Open] gives a [Model]; its Predict answers for one image or video, Evaluate for whole sets. The example shows all that a
// program needs. Below it, package modelfile identifies the contents of a file, and package system is the interface of all
// models.
package infer

import (
	"context"
	"fmt"
	"math"
	"slices"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/modelfile"
	"mien/nn"
	"mien/system"
)

// Model is a classifier ready for inference.
type Model struct {
	modelfile.Description // recipe, class names and precision
	Net                   system.Classifier

	// Reference is the same model in full precision, with which Evaluate compares each prediction; nil for no comparison.
	Reference *Model

	// Skips are the samples that Evaluate cannot read and leaves out, nil to stop at the first.
	Skips *data.Skips

	backend engine.Backend
	scope   *nn.Scope // nil if the model is owned by the caller
}

// Open loads FILE|RUN: a run folder, a weights file of mien, or a published fine-tuned checkpoint, whose shape is then inferred
// from its tensors. The weights of its linear layers are stored and multiplied in the given precision or, if p is nil, in that
// of the file, by default float32. The model computes on b, which the caller still owns.
func Open(fileOrRun string, b engine.Backend, p *engine.Precision) (*Model, error) {
	net, d, scope, err := modelfile.Load[system.Classifier](fileOrRun, b, p)
	if err != nil {
		return nil, err
	}
	return &Model{Description: d, Net: net, backend: b, scope: scope}, nil
}

// Of returns a model on a network that is being trained, to evaluate it. The caller still owns the network.
func Of(net system.Classifier, d modelfile.Description, b engine.Backend) *Model {
	return &Model{Description: d, Net: net, backend: b}
}

// Close releases the model's memory.
func (m *Model) Close() {
	if m.scope != nil {
		m.scope.Free()
	}
	if m.Reference != nil {
		m.Reference.Close()
	}
}

// answers returns an error unless the model has a head for a modality, and the head was trained.
func (m *Model) answers(modality data.Modality) error {
	switch {
	case m.Net.Classes(modality) == 0:
		return fmt.Errorf("the model has no head for %ss", modality)
	case !m.Trained.Has(modality):
		return fmt.Errorf("the model has never learned from %ss: fine-tune it on some, with --init, or leave them out", modality)
	}
	return nil
}

// predictionFormat marks a prediction as JSON.
const predictionFormat = "mien-prediction-1"

// Prediction is the result for one image or video.
type Prediction struct {
	Format        string        `json:"format"`
	Path          string        `json:"path"`
	Modality      data.Modality `json:"modality"`
	Views         int           `json:"views"`
	Label         string        `json:"label"`
	Labels        []string      `json:"labels"`
	Probabilities []float64     `json:"probabilities"`

	Class int `json:"-"`
}

// Predict classifies one opened image or video.
func (m *Model) Predict(ctx context.Context, path string, sample data.Sample, modality data.Modality) (Prediction, error) {
	if err := m.answers(modality); err != nil {
		return Prediction{}, fmt.Errorf("%s: it is %s, and %w", path, article[modality], err)
	}
	views, err := m.Views(ctx, sample, modality)
	if err != nil {
		return Prediction{}, fmt.Errorf("%s: %w", path, err)
	}
	results, err := m.classify(modality, [][]data.View{views}, 0)
	if err != nil {
		return Prediction{}, err
	}
	class, labels := argmax(results[0]), m.Labels[modality]
	return Prediction{Format: predictionFormat, Path: path, Modality: modality, Views: len(views), Label: labels[class], Labels: labels,
		Probabilities: results[0], Class: class}, ctx.Err()
}

var article = map[data.Modality]string{data.Image: "an image", data.Video: "a video"}

// Views returns the model's input for a sample: the image itself, or the test windows of a video.
func (m *Model) Views(ctx context.Context, sample data.Sample, modality data.Modality) ([]data.View, error) {
	r := m.Recipe
	windows := [][]int{{0}}
	if modality == data.Video {
		windows = data.TestWindows(sample.Len(), r.Model.Frames, r.Data.Stride)
	}
	var views []data.View
	for _, w := range windows {
		frames, err := sample.Read(ctx, w)
		if err != nil {
			return nil, err
		}
		views = append(views, data.Transform{H: r.Model.ImageSize, W: r.Model.ImageSize}.Eval(frames))
	}
	return views, nil
}

// classify returns the mean over views of the class probabilities of each sample. All samples have one modality; index
// names the batch, for the noise of a model that draws it at evaluation.
func (m *Model) classify(modality data.Modality, samples [][]data.View, index int) (results [][]float64, err error) {
	defer engine.Catch(&err)
	b := &system.Batch{Modality: modality}
	for _, views := range samples {
		b.Views = append(b.Views, views...)
	}
	t := ag.NewInferenceTape(m.backend, m.Precision)
	defer t.Close()
	key := engine.Key{Seed: m.Recipe.Seed, Stream: data.StreamID("evaluation", index)}
	logits, err := engine.Read[float64](m.Net.Logits(b.Pixels(t), modality, key).Data())
	if err != nil {
		return nil, err
	}
	classes := m.Net.Classes(modality)
	for _, views := range samples {
		mean := make([]float64, classes)
		for range views {
			addSoftmax(mean, logits[:classes], 1/float64(len(views)))
			logits = logits[classes:]
		}
		results = append(results, mean)
	}
	return results, nil
}

// addSoftmax adds weight·softmax(logits) to dst.
func addSoftmax(dst, logits []float64, weight float64) {
	top, sum := slices.Max(logits), 0.0
	for _, l := range logits {
		sum += math.Exp(l - top)
	}
	for i, l := range logits {
		dst[i] += weight * math.Exp(l-top) / sum
	}
}

// argmax returns the first of the largest, 0 if there are NaNs.
func argmax(p []float64) int { return max(slices.Index(p, slices.Max(p)), 0) }
