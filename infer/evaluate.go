package infer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"mien/data"
)

// Report is the outcome of an evaluation; a modality without a set is nil.
type Report struct {
	Static  *Score `json:"static,omitempty"`
	Dynamic *Score `json:"dynamic,omitempty"`
}

// Score is the outcome on one set. Recalls are in percent, over the classes present.
type Score struct {
	UAR       float64   `json:"uar"`
	WAR       float64   `json:"war"`
	N         int       `json:"n"`
	Confusion Confusion `json:"confusion"`

	Agreement *Agreement `json:"agreement_with_f32,omitempty"` // of a model with a Reference
}

// Agreement says how far the answers of a quantized model are from those at full precision.
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

// NamedScore is a score with what its set is called.
type NamedScore struct {
	Name     string
	Modality data.Modality
	*Score
}

// Scores returns the scores that there are, static first.
func (r *Report) Scores() []NamedScore {
	var all []NamedScore
	for _, s := range []NamedScore{{"static", data.Image, r.Static}, {"dynamic", data.Video, r.Dynamic}} {
		if s.Score != nil {
			all = append(all, s)
		}
	}
	return all
}

// Mean is one number for choosing the best epoch: the mean UAR of the sets.
func (r *Report) Mean() float64 {
	sum, scores := 0.0, r.Scores()
	for _, s := range scores {
		sum += s.UAR
	}
	return sum / float64(max(len(scores), 1))
}

// evalBatch is the number of samples that are classified together.
const evalBatch = 8

// Match puts the classes of sets into the order of the model's heads: by name where both name them, and else by number. Notes say what
// was put in another order, left out or taken by number.
func (m *Model) Match(s data.Sets) (_ data.Sets, notes []string, err error) {
	for _, d := range []*data.Dataset{&s.Image, &s.Video} {
		if *d == nil {
			continue
		}
		note, err := m.match(d)
		if err != nil {
			return s, nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	return s, notes, nil
}

// match puts the classes of a set into the order of its head.
func (m *Model) match(d *data.Dataset) (note string, err error) {
	set, modality := *d, (*d).Modality()
	if m.Net.Classes(modality) == 0 {
		return "", fmt.Errorf("the model has no head for %ss", modality)
	}
	if set.Classes() != nil && !m.Named(modality) {
		set, note = m.byNumber(set)
	}
	matched, dropped, err := data.Relabel(set, m.Labels[modality])
	if err != nil {
		return "", err
	}
	*d = matched
	switch names := set.Classes(); {
	case dropped > 0:
		note = fmt.Sprintf("%d of %d %s samples show classes that the model does not know: they are left out", dropped, set.Len(), modality)
	case names != nil && !slices.Equal(names, m.Labels[modality]):
		note = fmt.Sprintf("%s labels go by the names of classes: list and model order them differently", modality)
	}
	return note, nil
}

// byNumber has the labels of a set count as they are, for a model that does not name its classes. One with as many is taken to have
// those of the set, as a published checkpoint has those of its own lists.
func (m *Model) byNumber(set data.Dataset) (_ data.Dataset, note string) {
	modality, names := set.Modality(), set.Classes()
	switch {
	case len(names) != m.Net.Classes(modality):
		return unnamed{set}, fmt.Sprintf("%s labels go by number: the model does not name its classes", modality)
	case !slices.Equal(names, m.Labels[modality]):
		note = fmt.Sprintf("the model does not name its %s classes: they are taken to be those of the list", modality)
	}
	m.Labels[modality] = names
	return set, note
}

// unnamed is a set whose labels are numbers alone.
type unnamed struct{ data.Dataset }

func (unnamed) Classes() []string { return nil }

// Evaluate classifies the samples of matched sets as the published protocol does: an image by one view, a video by the mean
// over its two test windows.
func (m *Model) Evaluate(ctx context.Context, s data.Sets) (*Report, error) {
	report := &Report{}
	for _, d := range s.All() {
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
	s := &Score{Confusion: NewConfusion(m.Net.Classes(d.Modality()))}
	if m.Reference != nil {
		s.Agreement = &Agreement{}
	}
	loaded := data.Ordered(ctx, d.Len(), 2, 2*evalBatch, func(_ context.Context, i int) ([]data.View, error) {
		return m.open(d, i)
	})
	var samples [][]data.View
	first := 0
	for views, err := range loaded {
		if err != nil {
			return nil, err
		}
		if samples = append(samples, views); len(samples) == evalBatch || first+len(samples) == d.Len() {
			if err := m.count(s, d, samples, first); err != nil {
				return nil, err
			}
			first, samples = first+len(samples), samples[:0]
		}
	}
	s.UAR, s.WAR, s.N = s.Confusion.UAR(), s.Confusion.WAR(), s.Confusion.N()
	return s, ctx.Err()
}

// open returns what the model looks at in a sample of a set. The errors of Open name it themselves.
func (m *Model) open(d data.Dataset, i int) ([]data.View, error) {
	sample, err := d.Open(i)
	if err != nil {
		return nil, err
	}
	views, err := m.Views(sample, d.Modality())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Name(i), err)
	}
	return views, nil
}

// count classifies samples from first on and adds them to a score.
func (m *Model) count(s *Score, d data.Dataset, samples [][]data.View, first int) error {
	results, err := m.classify(d.Modality(), samples, first)
	if err != nil {
		return err
	}
	for i, p := range results {
		s.Confusion.Add(d.Label(first+i), argmax(p))
	}
	if s.Agreement == nil {
		return nil
	}
	want, err := m.Reference.classify(d.Modality(), samples, first)
	for i, p := range want {
		s.Agreement.add(results[i], p)
	}
	return err
}
