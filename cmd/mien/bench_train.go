package main

import (
	"context"
	"iter"

	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/train"
)

// bench train and bench pretrain: steps of the training loop on random pixels.

type benchTrainCmd struct {
	Model string `help:"vit-SIZE is a plain vision transformer, s4d-SIZE has experts: tiny, small, base, large." default:"vit-base" placeholder:"NAME"`
	trainInput
}

type benchPretrainCmd struct {
	Model string  `help:"Encoder and decoder of the published sizes: mae-tiny, mae-small, mae-base, mae-large." default:"mae-base" placeholder:"NAME"`
	Mask  float64 `help:"Share of the patches that the encoder does not see." default:"0.95"`
	trainInput
}

// trainInput has the flags of both training benchmarks.
type trainInput struct {
	Recompute bool             `help:"Compute blocks twice instead of keeping what they computed."`
	Precision engine.Precision `help:"Number format of products: f32 or bf16." default:"f32"`
	benchInput
}

// Run measures forward, backward and AdamW with the published numbers of fine-tuning: including label smoothing and router
// noise; layer decay costs nothing and is omitted.
func (c *benchTrainCmd) Run(out *console) error {
	return c.run(out, c.Model, recipe.Finetune, func(r *recipe.Recipe) { r.Train.LabelSmoothing, r.Train.RouterNoise = 0.1, true })
}

// Run measures forward, backward and AdamW; each step hides other patches.
func (c *benchPretrainCmd) Run(out *console) error {
	return c.run(out, c.Model, recipe.Pretrain, func(r *recipe.Recipe) { r.Train.ImageMask, r.Train.VideoMask = c.Mask, c.Mask })
}

func (c *trainInput) run(out *console, model, kind string, change func(*recipe.Recipe)) error {
	if err := out.backend.Supports(c.Precision, true); err != nil {
		return err
	}
	m, err := c.newBenchModel(model, kind, nn.NewScope(out.backend, engine.Float32, nn.Random{Seed: benchSeed}), change)
	if err != nil {
		return err
	}
	m.report.GFLOP = trainingGFLOP(c.Batch, m.net.MACs(m.batch.Modality))
	return m.report.run(out, c.benchInput, c.Precision, c.step(out, m))
}

// step returns a function that runs the training loop for one step, a later one on each call.
func (c *trainInput) step(out *console, m *benchModel) func() error {
	loop := train.Loop[*system.Batch]{
		Backend: out.backend, Epochs: 1, Steps: 1, Recompute: c.Recompute, Precision: c.Precision,
		Optimizer: train.NewAdamW(out.backend, m.params, train.AdamWConfig{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8,
			Group: func(_ string, shape []int) (lrScale, decay float64) { return 1, 0.05 * float64(min(len(shape)-1, 1)) }}),
		Schedule: func(int) float64 { return 1e-5 },
		Batches: func(context.Context, int) iter.Seq2[*system.Batch, error] {
			return func(yield func(*system.Batch, error) bool) {
				m.batch.Step++
				yield(m.batch, nil)
			}
		},
		Loss:    func(t *ag.Tape, b *system.Batch) *ag.Value { return m.net.Loss(t, b) },
		OnStep:  func(train.Step, *system.Batch) {},
		OnEpoch: func(context.Context, int) error { return nil },
	}
	return func() error { return loop.Run(out.ctx, 0) }
}
