package s2d

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/vit"
)

// goldenConfig is the model of testdata/golden/s2d_*: no two sizes are the same.
var goldenConfig = Config{
	Encoder: vit.Config{ImageSize: 12, Frames: 5, PatchSize: 4, Tubelet: 1, Dim: 24, Depth: 3, Heads: 3, MLPRatio: 5},
	Classes: 7, LandmarkChannels: 10, PromptWidth: 2, AdapterWidth: 12, AdapterHeads: 4,
}

// goldenModel has the parameters of the golden file, all and no others.
func goldenModel(t *testing.T, b engine.Backend) (*Model, []nn.Param) {
	load := &nn.Load{File: golden.Open(t, "s2d_tiny.safetensors").File}
	scope := nn.NewScope(b, engine.Float32, load)
	m := New(scope, goldenConfig)
	require.NoError(t, scope.Err())
	_, err := load.Finish()
	require.NoError(t, err)
	return m, scope.Params()
}

func goldenLoss(m *Model, f golden.File, tape *ag.Tape) *ag.Value {
	batch := &system.Batch{Modality: data.Video, Views: f.ByteViews("input"), Soft: data.SmoothTargets([]int{3, 6}, 7, 0.1)}
	logits := m.Head.Forward(m.Feature(batch.Pixels(tape), tape.Const(f.Tensor(tape.Backend(), "landmarks"))))
	return ag.CrossEntropy(logits, batch.Targets(tape))
}

// Results equal PyTorch's: features, logits, loss and all gradients, also those of the parameters that runs freeze.
func TestGolden(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		b := cpu.New()
		m, params := goldenModel(t, b)
		f := golden.Open(t, "s2d_video.safetensors")
		tape := ag.NewTape(b)
		defer tape.Close()
		batch := &system.Batch{Views: f.ByteViews("input")}
		feature := m.Feature(batch.Pixels(tape), tape.Const(f.Tensor(b, "landmarks")))
		f.Check("feature", feature.Data(), golden.Activation)
		f.Check("logits", m.Head.Forward(feature).Data(), golden.Activation)
		loss := goldenLoss(m, f, tape)
		f.Check("loss", loss.Data(), golden.Activation)
		tape.Backward(loss)
		f.CheckGradients(params)
	})
}

// Ten steps on what is tuned give PyTorch's parameters, and leave the others as they were.
func TestGoldenSteps(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		b := cpu.New()
		m, params := goldenModel(t, b)
		_, err := nn.Freeze(params, Base)
		require.NoError(t, err)
		f := golden.Open(t, "s2d_video.safetensors")
		r := recipe.Recipe{Kind: recipe.Finetune, Train: recipe.Train{Epochs: 5, WarmupEpochs: 1.5, LR: 1e-3, MinLR: 1e-5, Beta2: 0.999, WeightDecay: 0.05, LayerDecay: 1}}
		f.CheckSteps(b, params, system.System{Group: vit.Group}, r, func(_ int, tape *ag.Tape) *ag.Value { return goldenLoss(m, f, tape) })
	})
}

// Ten steps of self-distillation give PyTorch's losses, parameters and queues.
func TestGoldenDistillation(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		b := cpu.New()
		m, params := goldenModel(t, b)
		_, err := nn.Freeze(params, Base)
		require.NoError(t, err)
		r := recipe.Recipe{Kind: recipe.Finetune, Train: recipe.Train{Epochs: 5, WarmupEpochs: 1.5, LR: 1e-3, MinLR: 1e-5, Beta2: 0.999, WeightDecay: 0.05, LayerDecay: 1,
			Distillation: &recipe.Distillation{Anchors: 3, Nearest: 2, Starts: []float64{0.2, 0.6}, Weights: []float64{0.3, 0.7}, TakesFrom: 0.3, UpdateEvery: 2}}}
		states := nn.NewScope(b, engine.Float32, nil)
		c := &classifier{network: &network{Model: m}, Classification: vit.Classification{Recipe: r},
			anchors: NewAnchors(states, *r.Train.Distillation, 0, 2, 7, 24)}
		f, in := golden.Open(t, "s2d_distilled.safetensors"), golden.Open(t, "s2d_video.safetensors")
		queue, _ := f.Values("queue")
		answers, _ := f.Values("answers")
		engine.Write(c.anchors.Features, queue)
		engine.Write(c.anchors.Probabilities, answers)
		batch := &system.Batch{Modality: data.Video, Views: in.ByteViews("input"), Labels: []int{3, 6}, Soft: data.SmoothTargets([]int{3, 6}, 7, 0.1)}
		f.CheckSteps(b, params, system.System{Group: vit.Group}, r, func(step int, tape *ag.Tape) *ag.Value {
			if step > 0 {
				c.AfterStep(batch)
			}
			batch.Epoch = step / 2
			return c.loss(batch, m.Feature(batch.Pixels(tape), tape.Const(in.Tensor(b, "landmarks"))))
		})
		c.AfterStep(batch)
		f.Check("after_queue", c.anchors.Features, golden.Parameter)
		f.Check("after_answers", c.anchors.Probabilities, golden.Parameter)
	})
}
