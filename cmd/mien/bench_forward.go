package main

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

type benchForwardCmd struct {
	Model     string           `help:"vit-SIZE is a plain vision transformer, s4d-SIZE has experts: tiny, small, base, large." default:"vit-base" placeholder:"NAME"`
	Precision engine.Precision `help:"Number format of weights and products: f32, bf16 or int8." default:"f32"`
	benchInput
}

func (c *benchForwardCmd) Run(out *console) error {
	if err := out.backend.Supports(c.Precision, false); err != nil {
		return err
	}
	m, err := c.newBenchModel(c.Model, recipe.Finetune, nn.NewInferenceScope(out.backend, nn.Random{Seed: benchSeed}, c.Precision), nil)
	if err != nil {
		return err
	}
	net := m.net.(system.Classifier)
	m.report.GFLOP = forwardGFLOP(c.Batch, net.MACs(m.batch.Modality))
	return m.report.run(out, c.benchInput, c.Precision, func() error {
		t := ag.NewInferenceTape(out.backend, c.Precision)
		defer t.Close()
		_, err := engine.Read[float64](net.Logits(m.batch.Pixels(t), m.batch.Modality, engine.Key{}).Data())
		return err
	})
}
