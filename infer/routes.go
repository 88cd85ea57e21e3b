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
	defer engine.Catch(&err)
	net, ok := m.Net.(system.Sparse)
	if !ok || len(net.ExpertBlocks()) == 0 {
		return nil, nil
	}
	views, err := m.open(ctx, d, i)
	if err != nil {
		return nil, err
	}
	b := &system.Batch{Modality: d.Modality, Views: views}
	t := ag.NewInferenceTape(m.backend, m.Precision)
	defer t.Close()
	key := engine.Key{Seed: m.Recipe.Seed, Stream: data.StreamID("routing", i)}
	for _, v := range net.Routes(b.Pixels(t), d.Modality, key) {
		flat, err := engine.Read[int32](v.Data())
		if err != nil {
			return nil, err
		}
		for j := range flat {
			flat[j] %= int32(m.Recipe.Model.Experts)
		}
		choices = append(choices, flat)
	}
	return choices, ctx.Err()
}
