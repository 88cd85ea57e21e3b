package infer

import (
	"context"
	"fmt"
	"math"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/system"
)

// Centres of classes: whether images and videos of one expression look alike to a model (S4D figure 4).

// Centres returns the mean feature of each class of a set, in the order of the model's head; nil for a class without samples. A
// sample counts once, with the mean over its views. It reads at most so many samples of a class, the first ones.
func (m *Model) Centres(ctx context.Context, d *data.Dataset, most int) ([][]float64, error) {
	net, ok := m.Net.(system.Embedder)
	if !ok {
		return nil, fmt.Errorf("system %s shows no features", m.System.Name)
	}
	centres := make([][]float64, m.Net.Classes(d.Modality))
	counts := make([]float64, len(centres))
	for i, item := range d.Items {
		if counts[item.Label] == float64(most) {
			continue
		}
		views, err := m.open(ctx, d, i)
		if err != nil {
			return nil, err
		}
		features, err := m.features(net, views, d.Modality, i)
		if err != nil {
			return nil, err
		}
		counts[item.Label]++
		centres[item.Label] = towards(centres[item.Label], features, len(views), counts[item.Label])
	}
	return centres, ctx.Err()
}

// features returns those of all views, one after the other.
func (m *Model) features(net system.Embedder, views []data.View, modality data.Modality, index int) (_ []float64, err error) {
	defer engine.Catch(&err)
	t := ag.NewInferenceTape(m.backend, m.Precision)
	defer t.Close()
	b := &system.Batch{Modality: modality, Views: views}
	key := engine.Key{Seed: m.Recipe.Seed, Stream: data.StreamID("features", index)}
	return engine.Read[float64](net.Features(b.Pixels(t), modality, key).Data())
}

// towards moves the mean of n−1 samples to that of n, of which the last has the mean of its views' features.
func towards(mean, features []float64, views int, n float64) []float64 {
	dim := len(features) / views
	if mean == nil {
		mean = make([]float64, dim)
	}
	for i := range mean {
		sample := 0.0
		for v := range views {
			sample += features[v*dim+i] / float64(views)
		}
		mean[i] += (sample - mean[i]) / n
	}
	return mean
}

// Cosines returns the cosine similarity of each row of a with each of b; NaN where a row is nil.
func Cosines(a, b [][]float64) [][]float64 {
	all := make([][]float64, len(a))
	for i, x := range a {
		for _, y := range b {
			all[i] = append(all[i], cosine(x, y))
		}
	}
	return all
}

func cosine(x, y []float64) float64 {
	if x == nil || y == nil {
		return math.NaN()
	}
	var xy, xx, yy float64
	for i := range x {
		xy, xx, yy = xy+x[i]*y[i], xx+x[i]*x[i], yy+y[i]*y[i]
	}
	return xy / math.Sqrt(xx*yy)
}
