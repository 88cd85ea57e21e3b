package systems

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/mobilefacenet"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/train"
)

// tiny holds a recipe of each system with all features enabled. No two sizes are the same where they can differ.
var tiny = map[string]recipe.Recipe{
	"vit": tinyRecipe("vit", recipe.Finetune, func(m *recipe.Model, t *recipe.Train) {
		m.ImageClasses, m.VideoClasses = 5, 0
		t.LayerDecay = 0.8
	}),
	"s4d": tinyRecipe("s4d", recipe.Finetune, func(m *recipe.Model, t *recipe.Train) {
		m.ImageClasses, m.VideoClasses = 5, 6
		m.Experts, m.TopK, m.Position = 3, 2, "0,1"
		m.Residual, m.Capacity, m.Balance = true, 0.9, 0.01
		t.LayerDecay, t.RouterNoise = 0.8, true
	}),
	"vitmtl": tinyRecipe("vitmtl", recipe.Finetune, func(m *recipe.Model, t *recipe.Train) {
		m.ImageClasses, m.VideoClasses = 5, 6
		t.LayerDecay = 0.8
	}),
	"vitmoe": tinyRecipe("vitmoe", recipe.Finetune, func(m *recipe.Model, t *recipe.Train) {
		m.ImageClasses, m.VideoClasses = 5, 6
		m.Experts, m.TopK, m.Position = 3, 2, "1"
		m.SoftmaxFirst, m.FixedNoise, m.Capacity, m.Priority = true, true, 0.9, "scores"
		m.Balance, m.Importance, m.Load = 0.02, 0.03, 0.05
		t.LayerDecay, t.RouterNoise = 0.8, true
	}),
	"feadapter": tinyRecipe("feadapter", recipe.Finetune, func(m *recipe.Model, t *recipe.Train) {
		m.VideoClasses, m.Tubelet = 5, 1
		m.Adapter = &recipe.Adapter{Width: 6, Kernel: []int{3, 1, 1}, Stretch: "axes", Modulated: true, Activation: true,
			Place: "before-attention", Blocks: "all"}
		t.LayerDecay = 0.8
	}),
	"s2d": tinyRecipe("s2d", recipe.Finetune, func(m *recipe.Model, t *recipe.Train) {
		m.VideoClasses, m.Tubelet, m.Dropout = 5, 1, 0.3
		m.Prompter, m.Temporal = &recipe.Prompter{Width: 3, LandmarkWidth: 2}, &recipe.Temporal{Width: 6, Heads: 3}
		t.LayerDecay, t.Epochs, t.VideoBatch = 0.8, tinyEpochs, 2
		t.Distillation = &recipe.Distillation{Anchors: 3, Nearest: 2, Starts: []float64{0, 0.5}, Weights: []float64{0.2, 0.4}}
	}),
	"mobilefacenet": tinyRecipe("mobilefacenet", recipe.Landmarks, func(m *recipe.Model, t *recipe.Train) {
		m.Encoder = recipe.Encoder{ImageSize: 10, PatchSize: 5, Frames: 4}
		m.LandmarkWidth = 2
	}),
	"mae": tinyRecipe("mae", recipe.Pretrain, func(m *recipe.Model, t *recipe.Train) {
		m.DecoderDim, m.DecoderDepth, m.DecoderHeads = 8, 1, 1
		t.ImageMask, t.VideoMask = 0.5, 0.75
	}),
}

func tinyRecipe(system, kind string, more func(m *recipe.Model, t *recipe.Train)) recipe.Recipe {
	r := recipe.Recipe{Name: "tiny", Kind: kind, System: system, Seed: 3,
		Model: recipe.Model{Encoder: recipe.Encoder{ImageSize: 8, Frames: 4, PatchSize: 4, Tubelet: 2, Dim: 16, Depth: 2, Heads: 2, MLPRatio: 3}},
		Train: recipe.Train{LR: 1e-2, Beta2: 0.95, WeightDecay: 0.05, Clip: 0.5}}
	more(&r.Model, &r.Train)
	return r
}

// Each system has a recipe here, so that a new one is tested as well.
func TestTinyRecipes(t *testing.T) {
	require.Len(t, tiny, len(All))
	for _, s := range All {
		of, err := Of(tiny[s.Name])
		require.NoError(t, err)
		require.Same(t, s, of)
	}
}

// trainee is a tiny model in training.
type trainee struct {
	recipe recipe.Recipe
	model  system.Model
	params []nn.Param
	loop   train.Loop[*system.Batch]
	steps  []train.Step // reported to OnStep
}

// tinyEpochs of tinySteps each make a run: an image batch and a video batch in turn, of bytes and then of floats.
const (
	tinyEpochs = 2
	tinySteps  = 4
)

func newTrainee(t testing.TB, b engine.Backend, r recipe.Recipe) *trainee {
	s, err := Of(r)
	require.NoError(t, err)
	scope := nn.NewScope(b, engine.Float32, nn.Random{Seed: r.Seed})
	x := &trainee{recipe: r, model: s.Build(scope, r), params: scope.Params()}
	group := func(name string, shape []int) (lrScale, decay float64) { return s.Group(r, name, shape) }
	x.loop = train.Loop[*system.Batch]{
		Backend: b, Schedule: func(int) float64 { return r.Train.LR }, Clip: r.Train.Clip, Epochs: tinyEpochs, Steps: tinySteps,
		Optimizer: train.NewAdamW(b, x.params, r.Train.Beta2, group),
		Batches: func(_ context.Context, epoch int) iter.Seq2[*system.Batch, error] {
			return func(yield func(*system.Batch, error) bool) {
				for step := range tinySteps {
					if !yield(x.batch(epoch, step), nil) {
						return
					}
				}
			}
		},
		Loss: x.model.Loss,
		OnStep: func(s train.Step, _ *system.Batch) error {
			s.Took, s.Waited = 0, 0 // the clock's, not the computation's
			x.steps = append(x.steps, s)
			return nil
		},
		OnEpoch: func(context.Context, int) error { return nil },
	}
	if f, ok := x.model.(system.Follower); ok {
		x.loop.AfterStep = f.AfterStep
	}
	return x
}

// batch makes the random views of a step. A model with one head gets those of its modality only.
func (x *trainee) batch(epoch, step int) *system.Batch {
	b := &system.Batch{Epoch: epoch, Step: step, Seed: x.recipe.Seed, Modality: data.Image}
	videos := x.recipe.Model.VideoClasses > 0 || x.recipe.Kind != recipe.Finetune
	if videos && (step%2 == 1 || x.recipe.Model.ImageClasses == 0 && x.recipe.Kind == recipe.Finetune) {
		b.Modality = data.Video
	}
	views, frames := data.ByModality(b.Modality, 3, 2), data.ByModality(b.Modality, 1, x.recipe.Model.Frames)
	classes := x.recipe.Classes(b.Modality)
	rng, side := b.Stream("pixels"), x.recipe.Model.ImageSize
	for range views {
		v := data.View{T: frames, H: side, W: side, Bytes: make([]uint8, frames*side*side*3)}
		for i := range v.Bytes {
			v.Bytes[i] = uint8(rng.Uint32())
		}
		if step >= 2 {
			v = data.View{T: frames, H: side, W: side, Floats: v.Planar()}
		}
		b.Views, b.Labels = append(b.Views, v), append(b.Labels, rng.IntN(max(classes, 1)))
	}
	if x.recipe.Kind == recipe.Landmarks {
		for range views * frames * 2 * mobilefacenet.Points {
			b.Points = append(b.Points, rng.Float32())
		}
	}
	if classes > 0 {
		b.Soft = data.SmoothTargets(b.Labels, classes, 0.1)
	}
	return b
}

// logits classifies the first batch if the model is a classifier.
func (x *trainee) logits(t testing.TB) (values []float32) {
	net, ok := x.model.(system.Classifier)
	if !ok {
		return nil
	}
	tape := ag.NewInferenceTape(x.loop.Backend, engine.Full)
	defer tape.Close()
	batch := x.batch(0, 0)
	values, err := engine.Read[float32](net.Logits(batch.Pixels(tape), batch.Modality, batch.Key("evaluation")).Data())
	require.NoError(t, err)
	return values
}

// checkpoint returns the parameters, moments and step counts as stored in a file.
func (x *trainee) checkpoint(t testing.TB) []byte {
	path := filepath.Join(t.TempDir(), "checkpoint")
	require.NoError(t, train.Save(path, x.params, x.loop.Optimizer, train.Progress{}))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}
