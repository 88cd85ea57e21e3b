package pipeline

import (
	"mien/data"
	"mien/face"
)

// track is a face that is followed through a video.
type track struct {
	Summary
	given  bool // all its frames so far were cut out already
	steady face.Steady
	seen   window
	latest *Reading // of its last clip

	heard int       // readings
	sum   []float64 // of their probabilities
}

func (p *Pipeline) newTrack(id int, in data.Frame) *track {
	m := p.model.Recipe
	return &track{Summary: Summary{Face: id, First: in.Index, Start: in.Time}, given: true,
		seen: window{most: m.Model.Frames, stride: m.Data.Stride}}
}

// see counts a frame.
func (t *track) see(in data.Frame) { t.Frames, t.Last, t.End = t.Frames+1, in.Index, in.Time }

// clip returns the window of the track, and what the model sees of it.
func (t *track) clip() (*Clip, data.View) {
	first, last, view := t.seen.take()
	return &Clip{Face: t.Face, First: first.index, Last: last.index, Start: first.time, End: last.time}, view
}

// hear adds what is said of a frame or of a clip.
func (t *track) hear(r Reading) {
	if t.heard++; t.sum == nil {
		t.sum = make([]float64, len(r.Probabilities))
	}
	for i, p := range r.Probabilities {
		t.sum[i] += p
	}
	t.Reading = r
}

// summary returns the mean of what was said.
func (t *track) summary() Summary {
	mean := make([]float64, len(t.sum))
	for i, p := range t.sum {
		mean[i] = p / float64(t.heard)
	}
	t.Reading = newReading(t.Head, t.Labels, mean)
	return t.Summary
}
