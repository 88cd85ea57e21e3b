package golden

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
	"mien/recipe"
	"mien/system"
	"mien/train"
)

// Load makes the model of a recipe, whose parameters are the tensors of a golden file, all and no others.
func Load[M system.Model](t testing.TB, b engine.Backend, name string, s system.System, r recipe.Recipe) (M, []nn.Param) {
	t.Helper()
	require.NoError(t, s.Check(r))
	load := &nn.Load{File: Open(t, name).File}
	scope := nn.NewScope(b, engine.Float32, load)
	m, ok := s.Build(scope, r).(M)
	require.True(t, ok)
	require.NoError(t, scope.Err())
	_, err := load.Finish()
	require.NoError(t, err)
	return m, scope.Params()
}

// Finetune are the settings of FINETUNE in make_golden.py, with a layer decay: ten steps in five epochs.
func Finetune(layerDecay float64) recipe.Train {
	return recipe.Train{Epochs: 5, WarmupEpochs: 1.5, LR: 1e-3, MinLR: 1e-5, Beta2: 0.999, WeightDecay: 0.05, LayerDecay: layerDecay}
}

// Batch is a batch of the bytes that a file has as input, with smoothed labels.
func (f File) Batch(m data.Modality, labels []int, classes int) *system.Batch {
	return &system.Batch{Modality: m, Views: f.ByteViews("input"), Soft: data.SmoothTargets(labels, classes, 0.1)}
}

// CheckLoss compares a loss and its gradients with PyTorch's. See CheckGradients.
func (f File) CheckLoss(loss *ag.Value, params []nn.Param, except ...string) {
	f.t.Helper()
	f.Check("loss", loss.Data(), Activation)
	loss.Tape().Backward(loss)
	f.CheckGradients(params, except...)
}

// CheckSteps takes as many steps of AdamW as the file has losses, with the parameter groups of a system and the learning rates of a
// recipe, and compares each loss and then the parameters that the file has.
func (f File) CheckSteps(b engine.Backend, params []nn.Param, s system.System, r recipe.Recipe, loss func(step int, t *ag.Tape) *ag.Value) {
	f.t.Helper()
	group := func(name string, shape []int) (lrScale, decay float64) { return s.Group(r, name, shape) }
	optimizer := train.NewAdamW(b, params, r.Train.Beta2, group)
	optimizer.IdleSteps = r.Train.IdleSteps
	want, _ := f.Values("losses")
	require.NotEmpty(f.t, want)
	schedule := r.Schedule(len(want) / r.Train.Epochs)
	for i, w := range want {
		tape := ag.NewTape(b)
		l := loss(i, tape)
		got, err := engine.Read[float64](l.Data())
		require.NoError(f.t, err)
		require.InEpsilon(f.t, float64(w), got[0], Loss, "loss of step %d", i)
		tape.Backward(l)
		optimizer.Update(l.Data(), schedule(i), r.Train.Clip).Free()
		tape.Close()
	}
	compared := 0
	for _, p := range params {
		if name := "final." + p.Name; f.has(name) {
			f.Check(name, p.Data(), Parameter)
			compared++
		}
	}
	require.Equal(f.t, f.count("final."), compared, "parameters that the model does not have")
}

func (f File) has(name string) bool {
	_, ok := f.Shape(name)
	return ok
}
