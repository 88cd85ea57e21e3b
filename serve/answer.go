package serve

import (
	"cmp"
	"slices"
	"time"

	"mien/data"
	"mien/pipeline"
)

// answerFormat marks the answer to /v1/predict as JSON, and the result of a job.
const answerFormat = "mien-answer-1"

// answer is what /v1/predict says of a picture or clip.
type answer struct {
	Format string `json:"format"`
	Source string `json:"source"` // the name that came with it
	Kind   string `json:"kind"`   // picture or clip
	Width  int    `json:"width"`
	Height int    `json:"height"`
	found
	Explanation *explanation            `json:"explanation,omitempty"`
	Damage      string                  `json:"damage,omitempty"` // why a clip ends before its end
	Model       modelCard               `json:"model"`
	Timing      map[string]milliseconds `json:"timing_ms"`
}

// found is what package pipeline has found.
type found struct {
	Frames []pipeline.FrameJSON   `json:"frames"`
	Clips  []pipeline.ClipJSON    `json:"clips"`
	Tracks []pipeline.SummaryJSON `json:"tracks"`
}

// modelCard says which model has answered.
type modelCard struct {
	Name   string                     `json:"name"`
	SHA256 string                     `json:"sha256,omitempty"`
	Labels map[data.Modality][]string `json:"labels"`
	Caveat string                     `json:"caveat,omitempty"`
}

type milliseconds float64

func since(t time.Time) milliseconds { return milliseconds(time.Since(t).Microseconds()) / 1000 }

func (s *Server) card() modelCard {
	return modelCard{s.Card.Name, s.Card.SHA256, s.Card.Labels, s.Card.Caveat}
}

// json brings results into the form that was asked for: without frames that have no face, and with the likeliest classes alone.
func (q question) json(r pipeline.Results) found {
	out := found{[]pipeline.FrameJSON{}, []pipeline.ClipJSON{}, []pipeline.SummaryJSON{}}
	for _, f := range r.Frames {
		if f.Status == pipeline.NoFace && q.noFace == skipped {
			continue
		}
		f.Faces = slices.Clone(f.Faces)
		for i := range f.Faces {
			f.Faces[i].Reading = q.likeliest(f.Faces[i].Reading)
		}
		out.Frames = append(out.Frames, f.JSON())
	}
	for _, c := range r.Clips {
		c.Reading = q.likeliest(c.Reading)
		out.Clips = append(out.Clips, c.JSON())
	}
	for _, t := range r.Summaries {
		t.Reading = q.likeliest(t.Reading)
		out.Tracks = append(out.Tracks, t.JSON())
	}
	return out
}

// likeliest leaves the classes that were asked for, the likeliest first.
func (q question) likeliest(r pipeline.Reading) pipeline.Reading {
	if q.top == 0 || r.Head == "" {
		return r
	}
	order := make([]int, len(r.Labels))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Probabilities[b], r.Probabilities[a]) })
	top := pipeline.Reading{Head: r.Head, Label: r.Label}
	for _, i := range order[:min(q.top, len(order))] {
		top.Labels = append(top.Labels, r.Labels[i])
		top.Probabilities = append(top.Probabilities, r.Probabilities[i])
	}
	return top
}
