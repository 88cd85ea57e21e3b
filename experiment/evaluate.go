package experiment

import (
	"context"
	"fmt"
	"math"

	"mien/data"
	"mien/train"
)

// Report is the outcome of an evaluation; a modality without a set is nil.
type Report struct {
	Static  *Score `json:"static,omitempty"`
	Dynamic *Score `json:"dynamic,omitempty"`
}

// Score is the outcome on one set. Recalls are in percent, over the classes present.
type Score struct {
	UAR       float64         `json:"uar"`
	WAR       float64         `json:"war"`
	N         int             `json:"n"`
	Confusion train.Confusion `json:"confusion"`

	Agreement *Agreement `json:"agreement_with_f32,omitempty"` // of a model with a Reference
}

// Agreement says how far the answers of a model at low precision are from those at full precision.
type Agreement struct {
	Top1          float64 `json:"top1"`           // samples with the same first class, in percent
	LargestChange float64 `json:"largest_change"` // of any probability

	same, n int
}

func (a *Agreement) add(got, want []float64) {
	a.n++
	if argmax(got) == argmax(want) {
		a.same++
	}
	a.Top1 = 100 * float64(a.same) / float64(a.n)
	for i, p := range want {
		a.LargestChange = max(a.LargestChange, math.Abs(got[i]-p))
	}
}

// Score is one number for choosing the best epoch: the mean UAR of the sets.
func (r *Report) Score() float64 {
	sum, n := 0.0, 0.0
	for _, s := range []*Score{r.Static, r.Dynamic} {
		if s != nil {
			sum, n = sum+s.UAR, n+1
		}
	}
	return sum / max(n, 1)
}

// evalBatch is the number of samples that are classified together.
const evalBatch = 8

// Evaluate classifies the samples of the sets as the published protocol does: a picture by one view, a clip by the mean
// over its two test windows.
func (m *Model) Evaluate(ctx context.Context, s Sets) (*Report, error) {
	report := &Report{}
	for _, d := range s.each() {
		score, err := m.score(ctx, d)
		if err != nil {
			return nil, err
		}
		if d.Modality() == data.Image {
			report.Static = score
		} else {
			report.Dynamic = score
		}
	}
	return report, nil
}

func (m *Model) score(ctx context.Context, d data.Dataset) (*Score, error) {
	confusion := train.NewConfusion(m.Net.Classes(d.Modality()))
	var agreement *Agreement
	if m.Reference != nil {
		agreement = &Agreement{}
	}
	var samples []prepared
	first := 0
	flush := func() error {
		results, err := m.classify(samples, first)
		for i, p := range results {
			confusion.Add(d.Label(first+i), argmax(p))
		}
		if agreement != nil && err == nil {
			var want [][]float64
			want, err = m.Reference.classify(samples, first)
			for i, p := range want {
				agreement.add(results[i], p)
			}
		}
		first, samples = first+len(samples), samples[:0]
		return err
	}
	loaded := data.Ordered(ctx, d.Len(), 2, 2*evalBatch, func(_ context.Context, i int) (prepared, error) {
		clip, err := d.Open(i)
		if err != nil {
			return prepared{}, err
		}
		p, err := m.prepare(clip, d.Modality())
		if err != nil {
			err = fmt.Errorf("%s: %w", d.Name(i), err)
		}
		return p, err
	})
	for sample, err := range loaded {
		if err != nil {
			return nil, err
		}
		if samples = append(samples, sample); len(samples) == evalBatch {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	return &Score{UAR: confusion.UAR(), WAR: confusion.WAR(), N: confusion.N(), Confusion: confusion, Agreement: agreement}, ctx.Err()
}
