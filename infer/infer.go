// Package infer is for programs that use a trained model: open one, predict the expression in images and videos, evaluate it on
// labelled sets. It imports nothing for training.
//
// [Open] gives a [Model]; its Predict answers for one image or video, Evaluate for whole sets. The example shows all that a
// program needs. Below it, package modelfile identifies the contents of a file, and package system is the interface of all
// models.
package infer

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/modelfile"
	"mien/nn"
	"mien/recipe"
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

	// Windows is the number of windows of a video that are classified, fewer where it is too short for so many different ones. 0 is
	// the model's rule: all of the video in Predict, as [Model.Predict] says, and the two of the published protocol in Evaluate.
	Windows int

	// Head is the modality whose head answers in Evaluate, also to samples of the other modality; "" is that of each sample.
	Head data.Modality

	// Published is set by OpenPublished.
	Published bool

	// Counted is called by Evaluate with the number of samples that it has counted or left out since the last call; nil for no calls.
	Counted func(samples int)

	// Answered is called by Evaluate with the answers that it has got since the last call; an error ends the evaluation. nil for no calls.
	Answered func([]Answer) error

	backend engine.Backend
	scope   *nn.Scope // nil if the model is owned by the caller
}

// Open loads FILE|RUN: a run folder, a weights file of mien, or a published fine-tuned checkpoint, whose shape is then inferred
// from its tensors. The weights of its linear layers are stored and multiplied in the given precision or, if p is nil, in that
// of the file, by default float32. The model computes on b, which the caller still owns.
//
// Its answer to a sample depends neither on chance nor on other samples, whatever its recipe says of the evaluations of its run.
func Open(fileOrRun string, b engine.Backend, p *engine.Precision) (*Model, error) {
	return open(fileOrRun, b, p, func(m *recipe.Model) { m.EvalAsTraining = false })
}

// open is Open with a change of the model that leaves its parameters as they are.
func open(fileOrRun string, b engine.Backend, p *engine.Precision, change func(*recipe.Model)) (*Model, error) {
	net, d, scope, err := modelfile.Load[system.Classifier](fileOrRun, b, p, func(r *recipe.Recipe) { change(&r.Model) })
	if err != nil {
		return nil, err
	}
	return &Model{Description: d, Net: net, backend: b, scope: scope}, nil
}

// Of returns a model on a network that is being trained, to evaluate it as the network does: with model.eval_as_training, it draws noise
// and drops tokens. The caller still owns the network.
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

// Answers returns an error unless the model has a head for a modality, and the head was trained.
func (m *Model) Answers(head data.Modality) error {
	switch {
	case m.Net.Classes(head) == 0:
		return fmt.Errorf("the model has no head for %ss", head)
	case !m.Trained.Has(head):
		return fmt.Errorf("the model has never learned from %ss: fine-tune it on some, with --init, or leave them out", head)
	}
	return nil
}

// predictionFormat marks a prediction as JSON.
const predictionFormat = "mien-prediction-1"

// Prediction is the result for one image or video.
type Prediction struct {
	Format        string        `json:"format"`
	Path          string        `json:"path"`
	PathBytes     []byte        `json:"path_base64,omitempty"` // of a path that is not UTF-8, which JSON cannot hold
	ReadAs        string        `json:"read_as,omitempty"`     // of a folder: clip, or each for a picture in it
	Modality      data.Modality `json:"modality"`
	Frames        int           `json:"frames"`  // that there are
	Views         int           `json:"views"`   // windows
	Windows       []data.Window `json:"windows"` // what was seen of them
	Label         string        `json:"label"`
	Labels        []string      `json:"labels"`
	Probabilities []float64     `json:"probabilities"`
	Top           []Rank        `json:"top,omitempty"` // where some are asked for

	Class int `json:"-"`
}

// Predict classifies one opened image or video, of a video the mean over windows. A model of mien sees all of a video, a published
// checkpoint its two ends, unless Windows asks for another number.
func (m *Model) Predict(ctx context.Context, path string, sample data.Sample, modality data.Modality) (Prediction, error) {
	if err := m.Answers(modality); err != nil {
		return Prediction{}, fmt.Errorf("%s: it is %s, and %w", path, article[modality], err)
	}
	windows := m.windows(sample.Len(), modality, !m.Published)
	probabilities, err := m.watch(ctx, sample, modality, windows)
	if err != nil {
		return Prediction{}, err
	}
	class, labels := Argmax(probabilities), m.Labels[modality]
	return Prediction{Format: predictionFormat, Path: path, PathBytes: PathBytes(path), Modality: modality, Frames: sample.Len(),
		Views: len(windows) * m.crops(modality), Windows: windows, Label: labels[class], Labels: labels, Probabilities: probabilities, Class: class}, nil
}

// PathBytes returns a path that is not UTF-8, which a string of JSON can't hold, and nil for others.
func PathBytes(path string) []byte {
	if utf8.ValidString(path) {
		return nil
	}
	return []byte(path)
}

// Rank is a class and its probability.
type Rank struct {
	Label       string  `json:"label"`
	Probability float64 `json:"probability"`
}

// Ranks returns the k likeliest classes, or all where there are fewer, the likeliest first.
func (p Prediction) Ranks(k int) []Rank {
	ranks := make([]Rank, len(p.Labels))
	for i := range ranks {
		ranks[i] = Rank{p.Labels[i], p.Probabilities[i]}
	}
	slices.SortStableFunc(ranks, func(a, b Rank) int { return cmp.Compare(b.Probability, a.Probability) })
	return ranks[:min(k, len(ranks))]
}

var article = map[data.Modality]string{data.Image: "an image", data.Video: "a video"}

// classify returns the mean over views of the class probabilities of each sample, from the head of a modality. All views have one
// size and are one batch; the key is that of its noise, if the model draws noise at evaluation.
func (m *Model) classify(head data.Modality, samples [][]data.View, key engine.Key) (results [][]float64, err error) {
	defer engine.Catch(&err)
	b := &system.Batch{}
	for _, views := range samples {
		b.Views = append(b.Views, views...)
	}
	t := ag.NewInferenceTape(m.backend, m.Precision)
	defer t.Close()
	logits, err := engine.Read[float64](m.Net.Logits(b.Pixels(t), head, key).Data())
	if err != nil {
		return nil, err
	}
	classes := m.Net.Classes(head)
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

// Argmax returns the first of the largest, 0 if there are NaNs.
func Argmax(p []float64) int { return max(slices.Index(p, slices.Max(p)), 0) }
