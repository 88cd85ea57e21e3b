package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/moae"
	"mien/nn"
	"mien/recipe"
	"mien/s4d"
	"mien/train"
	"mien/weights"
)

// modelFormat marks the metadata of the weights files that mien writes.
const modelFormat = "mien-model-1"

// Finetune runs joint fine-tuning on pictures and clips (S4D section III-C).
func Finetune(ctx context.Context, o Options) (*Metrics, error) {
	r := o.Recipe
	if r.Kind != recipe.Finetune {
		return nil, fmt.Errorf("recipe %s is for %s: run `mien %s`", r.Name, r.Kind, r.Kind)
	}
	sets, err := TrainingSets(r, o.Train)
	if err != nil {
		return nil, err
	}
	validation, err := validationSets(o, sets)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(r, sets)
	if err != nil {
		return nil, err
	}
	backend := engine.NewCPU()
	net, params, err := newS4D(backend, r, o)
	if err != nil {
		return nil, err
	}
	f, err := openFolder(o)
	if err != nil {
		return nil, err
	}
	metadata, err := modelMetadata(r, sets.Labels)
	if err != nil {
		return nil, err
	}
	run := &run{Options: o, folder: f, backend: backend, plan: p, params: params, metadata: metadata,
		optimizer: train.NewAdamW(backend, params, train.AdamWConfig{Beta1: 0.9, Beta2: r.Train.Beta2, Eps: 1e-8,
			Group: func(name string, shape []int) (float64, float64) { return finetuneGroup(r, name, shape) }}),
		schedule: finetuneSchedule(r.Train, p.steps()),
		loss: func(t *ag.Tape, b *batch) *ag.Value {
			out := net.Forward(pixelsOf(t, b, r.Model.ImageSize), b.modality, moae.Pass{Training: true, Noise: routerNoise(r, b)})
			classes := net.Classes(b.modality)
			target := ag.SmoothTargets(b.labels, classes, r.Train.LabelSmoothing)
			return s4d.Loss(out, t.Const(engine.FromSlice(backend, engine.Float32, target, b.size, classes)))
		},
	}
	if validation != nil {
		model := &Model{Net: net, Recipe: r, Labels: sets.Labels, backend: backend}
		run.evaluate = func(ctx context.Context, _ int) (*Report, error) { return model.Evaluate(ctx, *validation) }
	}
	return run.train(ctx)
}

// validationSets returns what to evaluate on during training, nil if nothing. Where the run learns from drawn faces
// alone, faces of other people are drawn.
func validationSets(o Options, t Training) (*Sets, error) {
	if o.Validation.Empty() && !(o.Train.Empty() && o.Recipe.Data.DrawnTest > 0) {
		return nil, nil
	}
	s, err := testSets(o.Recipe, t.Labels, o.Validation, t.memory)
	return &s, err
}

// newS4D makes the network, from scratch, from a pre-trained encoder or from a fine-tuned model.
func newS4D(b engine.Backend, r recipe.Recipe, o Options) (*s4d.Model, []nn.Param, error) {
	c, err := r.S4D()
	if err != nil {
		return nil, nil, err
	}
	random := nn.Random{Seed: r.Seed}
	var source nn.Source = random
	var load *nn.Load
	if o.Init != "" {
		path, err := weightsPath(o.Init)
		if err != nil {
			return nil, nil, err
		}
		file, err := weights.Open(path)
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		load = s4d.Transfer(file, c, random)
		if s4d.IsPretraining(file) {
			load = s4d.FromPretraining(file, random)
		}
		source = load
	}
	scope := nn.NewScope(b, engine.Float32, source)
	net := s4d.New(scope, c)
	err = scope.Err()
	if err == nil && load != nil {
		_, err = load.Finish()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("--init %s: %w", o.Init, err)
	}
	if load != nil {
		for _, line := range load.Report.Lines() {
			o.Watch.Note(line)
		}
	}
	return net, scope.Params(), nil
}

// finetuneGroup is the published rule: layer decay on the learning rate, and no weight decay for vectors.
func finetuneGroup(r recipe.Recipe, name string, shape []int) (lrScale, decay float64) {
	lrScale = s4d.LayerScale(name, r.Model.Depth, r.Train.LayerDecay)
	if len(shape) > 1 {
		decay = r.Train.WeightDecay
	}
	return lrScale, decay
}

func routerNoise(r recipe.Recipe, b *batch) *rand.Rand {
	if !r.Train.RouterNoise {
		return nil
	}
	return train.Stream(r.Seed, "router", b.epoch, b.step)
}

// modelMetadata is what a weights file of mien says about itself.
func modelMetadata(r recipe.Recipe, labels map[data.Modality][]string) (map[string]string, error) {
	text, err := r.Text()
	if err != nil {
		return nil, err
	}
	names, err := json.Marshal(labels)
	return map[string]string{"format": modelFormat, "recipe": string(text), "labels": string(names)}, err
}

// finetuneSchedule is one warm-up and cosine, or two where the run itself warms up on drawn faces: what follows begins anew.
func finetuneSchedule(t recipe.Train, steps int) train.Schedule {
	cosine := func(epochs int) train.Schedule {
		return train.WarmupCosine(t.LR, t.MinLR, int(t.WarmupEpochs*float64(steps)), epochs*steps)
	}
	if t.DrawnEpochs == 0 {
		return cosine(t.Epochs)
	}
	return train.Then(cosine(t.DrawnEpochs), t.DrawnEpochs*steps, cosine(t.Epochs-t.DrawnEpochs))
}
