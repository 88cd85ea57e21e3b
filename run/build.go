package run

import (
	"errors"
	"fmt"
	"slices"

	"mien/data"
	"mien/engine"
	"mien/modelfile"
	"mien/nn"
	"mien/train"
)

// The model of a run, and the optimizer of what it learns. Go on with best.go.

// build makes the model, from scratch or from files, and the optimizer for the parameters that are not frozen.
func (r *run) build(labels Labels) (err error) {
	random := nn.Random{Seed: r.Recipe.Seed}
	var source nn.Source = random
	var init nn.Weights
	var load *nn.Load
	if r.Init != "" {
		file, err := modelfile.Open(r.Init)
		if err != nil {
			return err
		}
		defer file.Close()
		if load, r.loaded, r.notes, err = modelfile.Start(file, r.system, r.Recipe, labels, random); err != nil {
			return fmt.Errorf("--init %s: %w", r.Init, err)
		}
		source, init = named{load, "--init " + r.Init}, file
	}
	source, done, err := r.withGuest(source, init)
	if err != nil {
		return err
	}
	defer done()
	r.scope = nn.NewScope(r.Backend, engine.Float32, source)
	r.model, r.params = r.system.Build(r.scope, r.Recipe), r.scope.Params()
	if err := r.scope.Err(); err != nil {
		return err
	}
	if load != nil {
		if _, err := load.Finish(); err != nil {
			return fmt.Errorf("--init %s: %w", r.Init, err)
		}
		r.notes = append(load.Report.Lines(), r.notes...)
	}
	if err := r.freeze(); err != nil {
		return err
	}
	group := func(name string, shape []int) (lrScale, decay float64) { return r.system.Group(r.Recipe, name, shape) }
	r.optimizer = train.NewAdamW(r.Backend, r.params, r.Recipe.Train.Beta2, group)
	r.optimizer.IdleSteps = r.Recipe.Train.IdleSteps
	for _, m := range []data.Modality{data.Image, data.Video} {
		if r.system.Heads(r.Recipe)[m] != "" && r.plan.stepsOf(m) == 0 {
			r.notes = append(r.notes, fmt.Sprintf("no step trains the %s head: there are no %ss to learn from", m, m))
		}
	}
	return nil
}

// freeze excludes parameters from training, as recipe and system specify.
func (r *run) freeze() error {
	elements, err := nn.Freeze(r.params, r.system.FrozenBy(r.Recipe))
	if err == nil && elements == nn.Count(r.params) {
		err = errors.New("nothing is left to learn")
	}
	if err != nil {
		return fmt.Errorf("train.freeze: %w", err)
	}
	if elements > 0 {
		n := nn.Count(r.params)
		r.notes = append(r.notes, fmt.Sprintf("%d of %d parameters are tuned", n-elements, n))
	}
	return nil
}

// kept is what checkpoints keep beside the optimizer: parameters, and other tensors of training.
func (r *run) kept() []nn.Param { return append(slices.Clip(r.params), r.scope.States()...) }
