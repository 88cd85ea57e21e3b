package main

import (
	ag "mien/autograd"
	"mien/engine"
	"mien/moae"
	"mien/nn"
)

type benchForwardCmd struct {
	Model     string           `help:"vit-SIZE is a plain vision transformer, s4d-SIZE has experts: tiny, small, base, large." default:"vit-base" enum:"vit-tiny,vit-small,vit-base,vit-large,s4d-tiny,s4d-small,s4d-base,s4d-large" placeholder:"NAME"`
	Precision engine.Precision `help:"Number format of weights and products: f32, bf16 or int8." default:"f32"`
	benchInput
}

func (c *benchForwardCmd) Run(out *console) error {
	backend := engine.NewCPU()
	m, err := newClassifier(nn.NewInferenceScope(backend, nn.Random{Seed: benchSeed}, c.Precision), c.Model, c.benchInput)
	if err != nil {
		return err
	}
	m.report.Precision = c.Precision
	m.report.GFLOP = forwardGFLOP(m.size, m.macs())
	err = m.report.measure(out.ctx, c.Repeat, func() error {
		t := ag.NewInferenceTape(backend, c.Precision)
		defer t.Close()
		logits := m.net.Forward(m.on(t), m.modality, moae.Pass{}).Logits
		_, err := engine.Read[float64](logits.Data())
		return err
	})
	if err != nil {
		return err
	}
	return m.report.print(out, c.JSON)
}
