package experiment

import (
	"context"
	"fmt"
	"strings"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/mae"
	"mien/nn"
	"mien/recipe"
	"mien/train"
	"mien/weights"
)

// Pretrain runs dual-modal masked pre-training (S4D section III-B).
func Pretrain(ctx context.Context, o Options) (*Metrics, error) {
	r := o.Recipe
	if r.Kind != recipe.Pretrain {
		return nil, fmt.Errorf("recipe %s is for %s: run `mien %s`", r.Name, r.Kind, r.Kind)
	}
	sets, err := TrainingSets(r, o.Train)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(r, sets)
	if err != nil {
		return nil, err
	}
	backend := engine.NewCPU()
	model, params, err := newMAE(backend, r, o.Init)
	if err != nil {
		return nil, err
	}
	f, err := openFolder(o)
	if err != nil {
		return nil, err
	}
	text, err := r.Text()
	if err != nil {
		return nil, err
	}
	steps := r.Train.Epochs * p.steps()
	run := &run{Options: o, folder: f, backend: backend, plan: p, params: params,
		optimizer: train.NewAdamW(backend, params, train.AdamWConfig{Beta1: 0.9, Beta2: r.Train.Beta2, Eps: 1e-8,
			Group: func(name string, shape []int) (float64, float64) { return 1, pretrainDecay(name, r.Train.WeightDecay) }}),
		schedule: train.ComposedCosine(r.Train.MinLR, r.Train.LR, r.Train.WarmupEpochs/float64(r.Train.Epochs), steps),
		metadata: map[string]string{"format": modelFormat, "recipe": string(text)},
		loss: func(t *ag.Tape, b *batch) *ag.Value {
			pixels := pixelsOf(t, b, r.Model.ImageSize)
			return model.Forward(pixels, maskOf(r, b)).Loss
		},
	}
	return run.train(ctx)
}

// newMAE makes the masked autoencoder, from scratch or from a pre-training file of the same shape.
func newMAE(b engine.Backend, r recipe.Recipe, init string) (*mae.Model, []nn.Param, error) {
	var source nn.Source = nn.Random{Seed: r.Seed}
	var load *nn.Load
	if init != "" {
		path, err := weightsPath(init)
		if err != nil {
			return nil, nil, err
		}
		file, err := weights.Open(path)
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		load = &nn.Load{File: file}
		source = load
	}
	scope := nn.NewScope(b, engine.Float32, source)
	m := mae.New(scope, r.MAE())
	err := scope.Err()
	if err == nil && load != nil {
		_, err = load.Finish()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("--init %s: %w", init, err)
	}
	return m, scope.Params(), nil
}

// pretrainDecay is the released code's rule: everything decays but names that end in ".bias" and layer norms, so that
// q_bias, v_bias and the mask token do.
func pretrainDecay(name string, decay float64) float64 {
	if strings.HasSuffix(name, ".bias") || strings.Contains(name, "norm") {
		return 0
	}
	return decay
}

// maskOf draws the hidden patches of a batch from its place in the run.
func maskOf(r recipe.Recipe, b *batch) *mae.Mask {
	tokens, ratio := r.Encoder().VideoTokens(), r.Train.VideoMask
	if b.modality == data.Image {
		tokens, ratio = r.Encoder().ImageTokens(), r.Train.ImageMask
	}
	return mae.RandomMask(b.size, tokens, ratio, train.Stream(r.Seed, "mask", b.epoch, b.step))
}
