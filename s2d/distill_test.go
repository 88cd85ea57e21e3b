package s2d

import (
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
)

// Targets and loss of self-distillation equal PyTorch's, and no gradient flows into the targets.
func TestDistillationIsPyTorchs(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		b := cpu.New()
		f := golden.Open(t, "sdl.safetensors")
		a := &Anchors{Features: f.Tensor(b, "queue"), Probabilities: f.Tensor(b, "answers"), Nearest: 2}
		tape := ag.NewTape(b)
		defer tape.Close()
		feature, logits := ag.Param(f.Tensor(b, "feature")), ag.Param(f.Tensor(b, "logits"))
		x := ag.Add(tape.Const(engine.Zeros(b, engine.Float32, 3, 6)), feature)
		target := a.Targets(x)
		f.Check("target", target.Data(), 1e-6)
		loss := DistillationLoss(ag.Add(tape.Const(engine.Zeros(b, engine.Float32, 3, 4)), logits), target)
		f.Check("loss", loss.Data(), 1e-6)
		tape.Backward(loss)
		f.Check("grad", logits.Grad(), 1e-6)
		require.Nil(t, feature.Grad())
	})
}

// Each class has a queue of its own, in which the oldest anchor makes room.
func TestAnchorsAreQueues(t *testing.T) {
	b := cpu.New()
	filled := float32(0)
	a := NewAnchors(b, 3, 2, 4, 1, func(x *engine.Tensor) {
		filled -= 10
		b.Fill(x, float64(filled))
	})
	features, answers := make([]float32, 5*4), make([]float32, 5*3)
	for i := range features {
		features[i] = float32(i/4+1) + float32(i%4)/10
	}
	for i := range answers {
		answers[i] = float32(100*(i/3+1) + i%3)
	}
	a.Push([]int{2, 0, 2, 2, 0}, engine.FromSlice(b, engine.Float32, features, 5, 4), engine.FromSlice(b, engine.Float32, answers, 5, 3))
	heads := func(x *engine.Tensor) (first []float32) {
		values, err := engine.Read[float32](x)
		require.NoError(t, err)
		for i := 0; i < len(values); i += x.Dim(-1) {
			first = append(first, values[i])
			require.Len(t, values, 6*x.Dim(-1))
		}
		return first
	}
	require.Equal(t, []float32{2, 5, -10, -10, 4, 3}, heads(a.Features))
	require.Equal(t, []float32{200, 500, -20, -20, 400, 300}, heads(a.Probabilities))
}

func TestDistillationWeight(t *testing.T) {
	for epoch, want := range map[int]float64{0: 0, 29: 0, 30: 0.01, 49: 0.01, 50: 0.1, 59: 0.1, 60: 0.5, 79: 0.5, 80: 1, 500: 1} {
		require.Equal(t, want, DistillationWeight(epoch), epoch)
	}
}
