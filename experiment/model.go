package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/moae"
	"mien/nn"
	"mien/recipe"
	"mien/s4d"
	"mien/train"
	"mien/weights"
)

// Model is a fine-tuned network ready to classify.
type Model struct {
	Net       *s4d.Model
	Recipe    recipe.Recipe // geometry and sampling
	Labels    map[data.Modality][]string
	Precision engine.Precision // in which linear layers and attention multiply

	// Reference is the same model in full precision, with which Evaluate compares each answer; nil compares none.
	Reference *Model

	backend engine.Backend
}

// defaultStride is the published distance of sampled frames, where a model does not say.
const defaultStride = 4

// OpenModel loads FILE|RUN: a run folder, a weights file of mien, or a published fine-tuned checkpoint, whose shape is
// then read from its tensors. The weights of its linear layers are kept and multiplied in the given precision, or, if p is nil,
// in that which the file names, else in float32.
func OpenModel(fileOrRun string, p *engine.Precision) (*Model, error) {
	path, err := weightsPath(fileOrRun)
	if err != nil {
		return nil, err
	}
	file, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	m := &Model{backend: engine.NewCPU()}
	c, err := m.describe(file)
	if err == nil {
		_, err = s4d.Outline(file, c)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if p != nil {
		m.Precision = *p
	}
	scope := nn.NewInferenceScope(m.backend, s4d.FromFineTuned(file), m.Precision)
	m.Net = s4d.New(scope, c)
	if err := scope.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// describe finds out the model's shape, sampling, class names and precision.
func (m *Model) describe(file *weights.File) (s4d.Config, error) {
	if s4d.IsPretraining(file) {
		return s4d.Config{}, fmt.Errorf("a pre-trained encoder has no classes yet: fine-tune it first, with --init")
	}
	meta := file.Metadata()
	var c s4d.Config
	var err error
	if p, ok := meta[weights.PrecisionKey]; ok {
		if m.Precision, err = engine.ParsePrecision(p); err != nil {
			return c, fmt.Errorf("inside the file: %w", err)
		}
	}
	if meta["format"] == modelFormat {
		if m.Recipe, err = recipe.Parse([]byte(meta["recipe"])); err != nil {
			return c, fmt.Errorf("recipe inside the file: %w", err)
		}
		if err = json.Unmarshal([]byte(meta["labels"]), &m.Labels); err != nil {
			return c, fmt.Errorf("class names inside the file: %w", err)
		}
		c, err = m.Recipe.S4D()
	} else {
		c, err = s4d.InferConfig(file)
		m.Recipe.Model.ImageSize, m.Recipe.Model.Frames = c.Encoder.ImageSize, c.Encoder.Frames
		m.Recipe.Model.ImageClasses, m.Recipe.Model.VideoClasses = c.ImageClasses, c.VideoClasses
		m.Recipe.Data.Stride = defaultStride
	}
	if err == nil {
		err = c.Check()
	}
	if err != nil {
		return c, err
	}
	for _, h := range []data.Modality{data.Image, data.Video} {
		if len(m.Labels[h]) != c.Classes(h) {
			if m.Labels == nil {
				m.Labels = map[data.Modality][]string{}
			}
			m.Labels[h] = data.DefaultLabels(h, c.Classes(h))
		}
	}
	return c, nil
}

// Prediction is the answer for one picture or clip.
type Prediction struct {
	Path          string        `json:"path"`
	Modality      data.Modality `json:"modality"`
	Views         int           `json:"views"`
	Label         string        `json:"label"`
	Labels        []string      `json:"labels"`
	Probabilities []float64     `json:"probabilities"`

	Class int `json:"-"`
}

// views returns what the model looks at in a clip, as frames: the picture itself, or the test windows of a clip.
func (m *Model) views(clip data.Clip, modality data.Modality) ([]*data.Frames, error) {
	windows := [][]int{{0}}
	if modality == data.Video {
		windows = data.TestWindows(clip.Len(), m.Recipe.Model.Frames, m.Recipe.Data.Stride)
	}
	var views []*data.Frames
	for _, w := range windows {
		frames, err := clip.Read(w)
		if err != nil {
			return nil, err
		}
		views = append(views, frames)
	}
	return views, nil
}

// prepared is a sample cut into views, ready for the network.
type prepared struct {
	modality data.Modality
	views    int
	pixels   []float32
}

func (m *Model) prepare(clip data.Clip, modality data.Modality) (prepared, error) {
	p := prepared{modality: modality}
	views, err := m.views(clip, modality)
	for _, v := range views {
		p.pixels = append(p.pixels, evalTransform(m.Recipe).Eval(v)...)
		p.views++
	}
	return p, err
}

// classify returns the mean over views of the class probabilities of each sample. All samples have one modality; index
// names the batch, for the noise of a model that draws it at evaluation.
func (m *Model) classify(samples []prepared, index int) ([][]float64, error) {
	if len(samples) == 0 {
		return nil, nil
	}
	b := &batch{modality: samples[0].modality, frames: 1}
	if b.modality == data.Video {
		b.frames = m.Recipe.Model.Frames
	}
	for _, s := range samples {
		b.pixels = append(b.pixels, s.pixels...)
		b.size += s.views
	}
	t := ag.NewInferenceTape(m.backend, m.Precision)
	defer t.Close()
	out := m.Net.Forward(pixelsOf(t, b, m.Recipe.Model.ImageSize), b.modality,
		moae.Pass{Noise: train.Stream(m.Recipe.Seed, "evaluation", index)})
	logits, err := engine.Read[float64](out.Logits.Data())
	if err != nil {
		return nil, err
	}
	classes := m.Net.Classes(b.modality)
	results := make([][]float64, len(samples))
	for i, s := range samples {
		results[i] = make([]float64, classes)
		for range s.views {
			addSoftmax(results[i], logits[:classes], 1/float64(s.views))
			logits = logits[classes:]
		}
	}
	return results, nil
}

// addSoftmax adds weight·softmax(logits) to dst.
func addSoftmax(dst, logits []float64, weight float64) {
	top, sum := math.Inf(-1), 0.0
	for _, l := range logits {
		top = max(top, l)
	}
	for _, l := range logits {
		sum += math.Exp(l - top)
	}
	for i, l := range logits {
		dst[i] += weight * math.Exp(l-top) / sum
	}
}

func argmax(p []float64) int {
	best := 0
	for i := range p {
		if p[i] > p[best] {
			best = i
		}
	}
	return best
}

// Predict classifies one opened picture or clip.
func (m *Model) Predict(ctx context.Context, path string, clip data.Clip, modality data.Modality) (Prediction, error) {
	p, err := m.prepare(clip, modality)
	if err != nil {
		return Prediction{}, fmt.Errorf("%s: %w", path, err)
	}
	results, err := m.classify([]prepared{p}, 0)
	if err != nil {
		return Prediction{}, err
	}
	class := argmax(results[0])
	labels := m.Labels[modality]
	return Prediction{Path: path, Modality: modality, Views: p.views, Label: labels[class], Labels: labels,
		Probabilities: results[0], Class: class}, ctx.Err()
}
