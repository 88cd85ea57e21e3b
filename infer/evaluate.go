package infer

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"mien/data"
)

// Evaluation on labelled sets: classes are matched by name, answers counted in confusion matrices.

// Report is the result of an evaluation; a modality without a set is nil.
type Report struct {
	Static  *Score `json:"static,omitempty"`
	Dynamic *Score `json:"dynamic,omitempty"`
}

// Agreement compares the predictions of a quantized model with those at full precision.
type Agreement struct {
	Top1          float64 `json:"top1"`           // samples with the same top class, in percent
	LargestChange float64 `json:"largest_change"` // of any probability

	same, n int
}

func (a *Agreement) add(got, want []float64) {
	a.n++
	if Argmax(got) == Argmax(want) {
		a.same++
	}
	a.Top1 = 100 * float64(a.same) / float64(a.n)
	for i, p := range want {
		a.LargestChange = max(a.LargestChange, math.Abs(got[i]-p))
	}
}

// Scores returns the scores present, static first.
func (r *Report) Scores() []NamedScore {
	all := []NamedScore{{"static", data.Image, r.Static}, {"dynamic", data.Video, r.Dynamic}}
	return slices.DeleteFunc(all, func(s NamedScore) bool { return s.Score == nil })
}

// Quality is what the best epoch has most of: the mean over the sets, or that of the "static" or "dynamic" one alone, of the UAR or, by
// "war" or "loss", of the WAR or the negative loss.
func (r *Report) Quality(by, set string) float64 {
	sum, n := 0.0, 0
	for _, s := range r.Scores() {
		if set != "" && set != s.Name {
			continue
		}
		n++
		switch by {
		case "war":
			sum += s.WAR
		case "loss":
			sum -= s.Loss
		default:
			sum += s.UAR
		}
	}
	return sum / float64(max(n, 1))
}

// evalBatch is the number of samples that are classified together, of videos with the windows of the published protocol.
const evalBatch = 8

// Match puts the classes of sets into the order of the model's heads, by name. Notes say what was reordered or dropped.
func (m *Model) Match(s data.Sets) (_ data.Sets, notes []string, err error) {
	s, err = s.Map(func(d *data.Dataset) (*data.Dataset, error) {
		if err := m.Answers(m.HeadFor(d.Modality)); err != nil {
			return nil, err
		}
		if m.HeadFor(d.Modality) != d.Modality {
			var note string
			if d, note = m.crossed(d); note != "" {
				notes = append(notes, note)
			}
		}
		matched, note, err := m.relabel(d)
		if note != "" {
			notes = append(notes, note)
		}
		return matched, err
	})
	return s, notes, err
}

// relabel puts the classes of a set into the order of a head if both name them. The names of a published checkpoint are only
// guessed from their number, so a list with numbers for labels is used unchanged.
func (m *Model) relabel(d *data.Dataset) (relabelled *data.Dataset, note string, err error) {
	head := m.HeadFor(d.Modality)
	labels := m.Labels[head]
	differs := d.Classes != nil && !d.Named && !slices.Equal(d.Classes, labels)
	if !m.Own && differs {
		note = fmt.Sprintf("the %s head does not name its classes: labels of the list are taken by number", head)
	}
	if !d.Named && (!m.Own || slices.Equal(labels, data.Unnamed(len(labels)))) {
		return d, note, CheckLabels(d, len(labels))
	}
	relabelled, dropped, err := data.Relabel(d, labels)
	switch {
	case dropped > 0:
		note = fmt.Sprintf("%d of %d %s samples show classes that the model does not know: they are left out", dropped, len(d.Items), d.Modality)
	case !m.Own:
		note = fmt.Sprintf("the %s head does not name its classes: they are taken to be %s", head, strings.Join(labels, ", "))
	case differs:
		note = fmt.Sprintf("%s labels go by the names of classes: list and model order them differently", d.Modality)
	}
	return relabelled, note, err
}

// CheckLabels returns an error for a label that a head of so many classes does not have.
func CheckLabels(d *data.Dataset, classes int) error {
	for _, item := range d.Items {
		if item.Label >= classes {
			return fmt.Errorf("%s has label %d, but the model's %s head has classes 0 to %d", item.Place(), item.Label, d.Modality, classes-1)
		}
	}
	return nil
}

// Evaluate classifies the samples of sets that Match returned as the published protocol does: an image by one view, a video by the mean
// over its two test windows, or as many as Windows says.
func (m *Model) Evaluate(ctx context.Context, s data.Sets) (*Report, error) {
	report := &Report{}
	for _, d := range s.All() {
		score, err := m.score(ctx, d)
		if err != nil {
			return nil, err
		}
		*data.ByModality(d.Modality, &report.Static, &report.Dynamic) = score
	}
	return report, nil
}

func (m *Model) score(ctx context.Context, d *data.Dataset) (*Score, error) {
	head := m.HeadFor(d.Modality)
	if err := cmp.Or(m.Answers(head), CheckLabels(d, m.Net.Classes(head))); err != nil {
		return nil, err
	}
	e := &evaluation{skipped: d.Skipped}
	if m.Reference != nil {
		e.agreement = &Agreement{}
	}
	batch := m.batch(d.Modality)
	loaded := data.Ordered(ctx, len(d.Items), 2, 2*batch, func(ctx context.Context, i int) ([]data.View, error) {
		return m.open(ctx, d, i)
	})
	var samples [][]data.View
	var members []int // of d, which samples are
	at := 0
	for views, err := range loaded {
		if err == nil {
			samples, members = append(samples, views), append(members, at)
		} else if err := m.skip(ctx, d, at, err); err != nil {
			return nil, err
		} else {
			e.skipped++
			m.counted(1)
		}
		if at++; len(samples) == batch || at == len(d.Items) && len(samples) > 0 {
			if err := m.count(e, d, samples, members); err != nil {
				return nil, err
			}
			samples, members = samples[:0], members[:0]
		}
	}
	if e.skipped > 0 && len(e.answers) == 0 {
		return nil, fmt.Errorf("none of the %d %ss can be read", e.skipped, d.Modality)
	}
	s := NewScore(m.Labels[head], e.answers)
	s.Skipped, s.Agreement, s.Head = e.skipped, e.agreement, m.Head
	return s, ctx.Err()
}

// batch is the number of samples of a modality that are classified together.
func (m *Model) batch(samples data.Modality) int {
	n := evalBatch * publishedWindows / max(m.Windows, publishedWindows) // more windows need as much memory
	switch {
	case m.Published:
		n = data.ByModality(samples, releasedImages, releasedVideos)
	case m.frameByFrame(samples): // each frame alone has as many tokens as a tubelet
		n /= m.Recipe.Model.Tubelet
	}
	return max(n, 1)
}

// evaluation is what is known of a set so far.
type evaluation struct {
	answers   []Answer
	skipped   int
	agreement *Agreement // nil without a reference
}

// counted reports progress.
func (m *Model) counted(samples int) {
	if m.Counted != nil {
		m.Counted(samples)
	}
}

// skip leaves out a sample that cannot be read, if that is allowed.
func (m *Model) skip(ctx context.Context, d *data.Dataset, i int, err error) error {
	if m.Skips == nil || ctx.Err() != nil {
		return err
	}
	return m.Skips.Add(data.Skipped{Modality: d.Modality, Path: d.Items[i].Name, Error: err.Error()})
}

// open returns the model's views of a sample of a set. The errors of Open already name the sample.
func (m *Model) open(ctx context.Context, d *data.Dataset, i int) ([]data.View, error) {
	sample, err := d.Items[i].Open(ctx, data.OpenOptions{})
	if err != nil {
		return nil, err
	}
	var views []data.View
	if m.frameByFrame(d.Modality) {
		views, err = m.stills(ctx, sample)
	} else {
		views, err = m.Views(ctx, sample, d.Modality)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Items[i].Name, err)
	}
	return views, nil
}

// count classifies samples, which are members of d, and adds the answers to e.
func (m *Model) count(e *evaluation, d *data.Dataset, samples [][]data.View, members []int) error {
	head := m.HeadFor(d.Modality)
	results, err := m.judge(head, samples, members[0])
	if err != nil {
		return err
	}
	before := len(e.answers)
	for i, p := range results {
		item := d.Items[members[i]]
		e.answers = append(e.answers, Answer{item.Name, item.Label, Argmax(p), p})
	}
	m.counted(len(results))
	if m.Answered != nil {
		if err := m.Answered(e.answers[before:]); err != nil {
			return err
		}
	}
	if e.agreement == nil {
		return nil
	}
	want, err := m.Reference.judge(head, samples, members[0])
	for i, p := range want {
		e.agreement.add(results[i], p)
	}
	return err
}
