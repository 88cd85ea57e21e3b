package main

import (
	"context"
	"iter"

	ag "mien/autograd"
	"mien/engine"
	"mien/moae"
	"mien/nn"
	"mien/s4d"
	"mien/train"
)

type benchTrainCmd struct {
	Model string `help:"vit-SIZE is a plain vision transformer, s4d-SIZE has experts: tiny, small, base, large." default:"vit-base" enum:"vit-tiny,vit-small,vit-base,vit-large,s4d-tiny,s4d-small,s4d-base,s4d-large" placeholder:"NAME"`
	trainInput
}

// trainInput are the flags of both benchmarks of training.
type trainInput struct {
	Recompute bool `help:"Compute blocks twice instead of keeping what they computed."`
	benchInput
}

// Run measures forward, backward and AdamW with the published numbers of fine-tuning: label smoothing and router noise
// belong to it, layer decay costs nothing and is left out.
func (c *benchTrainCmd) Run(out *console) error {
	backend := engine.NewCPU()
	m, err := newClassifier(nn.NewScope(backend, engine.Float32, nn.Random{Seed: benchSeed}), c.Model, c.benchInput)
	if err != nil {
		return err
	}
	classes := m.net.Classes(m.modality)
	labels := make([]int, m.size)
	for i := range labels {
		labels[i] = i % classes
	}
	noise := train.Stream(benchSeed, "router")
	m.report.GFLOP = trainingGFLOP(m.size, m.macs())
	err = measureTraining(out.ctx, m.report, c.trainInput, backend, m.params, func(t *ag.Tape) *ag.Value {
		logits := m.net.Forward(m.on(t), m.modality, moae.Pass{Training: true, Noise: noise})
		target := ag.SmoothTargets(labels, classes, 0.1)
		return s4d.Loss(logits, t.Const(engine.FromSlice(backend, engine.Float32, target, m.size, classes)))
	})
	if err != nil {
		return err
	}
	return m.report.print(out, c.JSON)
}

// measureTraining measures runs of the training loop that are one step long.
func measureTraining(ctx context.Context, r *stepReport, in trainInput, backend engine.Backend, params []nn.Param, loss func(*ag.Tape) *ag.Value) error {
	loop := train.Loop[struct{}]{
		Backend: backend, Epochs: 1, Steps: 1, Recompute: in.Recompute,
		Optimizer: train.NewAdamW(backend, params, train.AdamWConfig{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8,
			Group: func(_ string, shape []int) (lrScale, decay float64) { return 1, 0.05 * float64(min(len(shape)-1, 1)) }}),
		Schedule: func(int) float64 { return 1e-5 },
		Batches: func(context.Context, int) iter.Seq2[struct{}, error] {
			return func(yield func(struct{}, error) bool) { yield(struct{}{}, nil) }
		},
		Loss:    func(t *ag.Tape, _ struct{}) *ag.Value { return loss(t) },
		OnStep:  func(train.Step, struct{}) {},
		OnEpoch: func(context.Context, int) error { return nil },
	}
	return r.measure(ctx, in.Repeat, func() error { return loop.Run(ctx, 0) })
}
