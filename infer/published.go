package infer

import (
	"cmp"

	"mien/data"
	"mien/engine"
	"mien/recipe"
)

// The evaluation of S4D's released code, from which published figures come. It differs from that of the paper's text, and from that
// of mien, in what makes the answer to a sample depend on chance and on the samples beside it:
//
//   - routers draw their noise, as in training;
//   - an expert takes no more than its share of the tokens of a batch, or what model.capacity gives it, and drops the rest;
//   - of a video there are four views: the first and the last window, and each again, with the same pixels but other noise.
//
// Batches are as there: each is of one view of 16 videos, or of 24 images, which are measured during fine-tuning only. What still
// differs is the order of samples on the two processors that shared the work, their random numbers, and half precision.

const (
	releasedVideos = 16 // in a batch
	releasedImages = 24
	releasedCrops  = 2 // of each window; their places coincide
)

// OpenPublished is Open for a model that answers as in the evaluation of the released code.
func OpenPublished(fileOrRun string, b engine.Backend, p *engine.Precision) (*Model, error) {
	m, err := open(fileOrRun, b, p, func(m *recipe.Model) {
		m.EvalAsTraining, m.Capacity = true, cmp.Or(m.Capacity, 1)
	})
	if err != nil {
		return nil, err
	}
	m.Published = true
	return m, nil
}

// crops is the number of times that each view of a sample is judged.
func (m *Model) crops(modality data.Modality) int {
	if m.Published {
		return data.ByModality(modality, 1, releasedCrops)
	}
	return 1
}

// judge returns the mean over its views of the class probabilities of each sample: all views of all samples are one batch or, in the
// released evaluation, one view of each. The index of the first sample in its set names them.
func (m *Model) judge(head data.Modality, samples [][]data.View, index int) ([][]float64, error) {
	if !m.Published {
		return m.classify(head, samples, engine.Key{Seed: m.Recipe.Seed, Stream: data.StreamID("evaluation", index)})
	}
	means := make([][]float64, len(samples))
	for i := range means {
		means[i] = make([]float64, m.Net.Classes(head))
	}
	passes := len(samples[0]) * m.crops(head)
	for pass := range passes {
		column := make([][]data.View, len(samples))
		for i, views := range samples {
			column[i] = views[pass%len(views):][:1]
		}
		key := engine.Key{Seed: m.Recipe.Seed, Stream: data.StreamID("released evaluation of "+string(head)+"s", index, pass)}
		results, err := m.classify(head, column, key)
		if err != nil {
			return nil, err
		}
		for i, p := range results {
			for class := range p {
				means[i][class] += p[class] / float64(passes)
			}
		}
	}
	return means, nil
}
