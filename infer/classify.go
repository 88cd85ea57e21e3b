package infer

import (
	"mien/data"
	"mien/engine"
)

// Views from elsewhere than an opened sample, as the faces that package pipeline cuts out.

// View returns frames as the model's input.
func (m *Model) View(f *data.Frames) data.View {
	size := m.Recipe.Model.ImageSize
	return data.Resize(f, size, size).View()
}

// Classify returns the class probabilities of each view by itself, from the head of a modality, which the model must have: see Answers. All
// views are one batch.
func (m *Model) Classify(head data.Modality, views []data.View) ([][]float64, error) {
	samples := make([][]data.View, len(views))
	for i, v := range views {
		samples[i] = []data.View{v}
	}
	return m.classify(head, samples, engine.Key{Seed: m.Recipe.Seed, Stream: data.StreamID("evaluation", 0)})
}
