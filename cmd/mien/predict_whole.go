package main

import (
	"mien/data"
	"mien/infer"
)

// predict --face none: an input is one face, or one video of it.

// predict writes the results of all inputs, and shows progress unless it is to be quiet. An input that cannot be used is reported, and
// the others go on.
func (c *predictCmd) predict(out *console, given []input, files *partFiles) error {
	m, err := c.model(out)
	if err != nil {
		return err
	}
	inputs, err := c.inputs(out.ctx, given, func(note string) {
		if !c.JSON { // which says it in its own words
			c.note(out, note)
		}
	})
	if err != nil {
		return err
	}
	noteCrops(func(note string) { c.note(out, note) }, m.Recipe, pathsOf(inputs)...)
	w, quiet, err := c.printed(out, files)
	if err != nil {
		return err
	}
	results, err := c.results(w, m, inputs, files)
	if err != nil {
		return err
	}
	meter, bad := newMeter(out, len(inputs), "predicting", quiet), 0
	defer meter.Finish()
	for _, in := range inputs {
		p, err := c.one(out, m, in)
		switch {
		case out.ctx.Err() != nil:
			return out.ctx.Err()
		case err == nil:
			err = results.add(p)
		case ofTheMachine(err):
			return err
		default:
			bad++
			meter.complain(err)
			err = results.failed(in.path, err)
		}
		if err != nil {
			return err
		}
		meter.Add(1)
	}
	if bad > 0 {
		return &badInputs{bad: bad, all: len(inputs)}
	}
	return nil
}

// one predicts one input.
func (c *predictCmd) one(out *console, m *infer.Model, in input) (p infer.Prediction, err error) {
	size := m.Recipe.Model.ImageSize
	sample, modality, err := data.Open(out.ctx, in.path, data.OpenOptions{H: size, W: size})
	if err != nil {
		return p, err
	}
	p, err = m.Predict(out.ctx, in.path, sample, modality)
	p.ReadAs = in.readAs
	return p, err
}
