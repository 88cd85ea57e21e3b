package serve

import (
	"context"

	"mien/data"
	"mien/pipeline"
)

// Explain traces the image head of the model on one face, as it was cut out.
func (m model) Explain(ctx context.Context, opt pipeline.Options, picture *data.Frames, f pipeline.Face) (e explanation, err error) {
	p, err := m.pipeline(opt)
	if err != nil {
		return e, err
	}
	view, at, err := p.View(picture, f)
	if err != nil {
		return e, err
	}
	t, err := m.infer.Trace(ctx, view, data.Image)
	if err != nil {
		return e, err
	}
	e = explanation{Rows: t.Rows, Attention: t.Last, Rollout: t.Rollout, Blocks: t.Blocks, Routes: t.Routes}
	for i, corner := range at.Corners() {
		e.Corners[i] = [2]float64{real(corner), imag(corner)}
	}
	if t.Routes != nil {
		e.Experts, e.TopK = m.infer.Recipe.Model.Experts, m.infer.Recipe.Model.TopK
	}
	return e, nil
}
