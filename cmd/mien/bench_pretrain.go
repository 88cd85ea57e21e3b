package main

import (
	"fmt"
	"strings"

	ag "mien/autograd"
	"mien/engine"
	"mien/mae"
	"mien/nn"
	"mien/train"
)

type benchPretrainCmd struct {
	Model string  `help:"Encoder and decoder of the published sizes: mae-tiny, mae-small, mae-base, mae-large." default:"mae-base" enum:"mae-tiny,mae-small,mae-base,mae-large" placeholder:"NAME"`
	Mask  float64 `help:"Share of the patches that the encoder does not see." default:"0.95"`
	trainInput
}

// Run measures forward, backward and AdamW; each step hides other patches.
func (c *benchPretrainCmd) Run(out *console) error {
	config := mae.Sizes[strings.TrimPrefix(c.Model, "mae-")]
	b, err := c.batch(c.Model, config.Encoder)
	if err != nil {
		return err
	}
	if !(c.Mask >= 0 && c.Mask < 1) {
		return fmt.Errorf("--mask %v: give a share of at least 0 and less than 1", c.Mask)
	}
	backend := engine.NewCPU()
	scope := nn.NewScope(backend, engine.Float32, nn.Random{Seed: benchSeed})
	net := mae.New(scope, config)
	if err := scope.Err(); err != nil {
		return err
	}
	rng := train.Stream(benchSeed, "mask")
	visible := mae.RandomMask(1, b.tokens, c.Mask, rng).Visible
	r := &stepReport{Model: c.Model, Batch: b.size, Tokens: b.tokens, Parameters: nn.Count(scope.Params()),
		GFLOP: trainingGFLOP(b.size, maskedMACs(config, visible, b.tokens))}
	err = measureTraining(out.ctx, r, c.trainInput, backend, scope.Params(), func(t *ag.Tape) *ag.Value {
		return net.Forward(b.on(t), mae.RandomMask(b.size, b.tokens, c.Mask, rng)).Loss
	})
	if err != nil {
		return err
	}
	return r.print(out, c.JSON)
}
