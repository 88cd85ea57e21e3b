package infer

import (
	"context"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/system"
)

// Routes returns the choices of each router on one sample, [block][token·k]: expert indices. It is nil for a model without
// experts.
func (m *Model) Routes(ctx context.Context, d *data.Dataset, i int) (choices [][]int32, err error) {
	if !m.sparse() {
		return nil, nil
	}
	views, err := m.open(ctx, d, i)
	if err != nil {
		return nil, err
	}
	key := engine.Key{Seed: m.Recipe.Seed, Stream: data.StreamID("routing", i)}
	if choices, err = m.routes(views, d.Modality, key); err != nil {
		return nil, err
	}
	return choices, ctx.Err()
}

// sparse tells whether the model has experts.
func (m *Model) sparse() bool {
	net, ok := m.Net.(system.Sparse)
	return ok && len(net.ExpertBlocks()) > 0
}

// routes returns the choices on views, nil for a model without experts. key is for a model that draws noise at evaluation.
func (m *Model) routes(views []data.View, modality data.Modality, key engine.Key) (choices [][]int32, err error) {
	defer engine.Catch(&err)
	if !m.sparse() {
		return nil, nil
	}
	b := &system.Batch{Modality: modality, Views: views}
	t := ag.NewInferenceTape(m.backend, m.Precision)
	defer t.Close()
	for _, v := range m.Net.(system.Sparse).Routes(b.Pixels(t), modality, key) {
		flat, err := engine.Read[int32](v.Data())
		if err != nil {
			return nil, err
		}
		for j := range flat {
			flat[j] %= int32(m.Recipe.Model.Experts)
		}
		choices = append(choices, flat)
	}
	return choices, nil
}
