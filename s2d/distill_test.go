package s2d

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/internal/golden"
	"mien/nn"
	"mien/recipe"
)

// Targets and loss of self-distillation equal PyTorch's, and no gradient flows into the targets.
func TestDistillationIsPyTorchs(t *testing.T) {
	golden.EachKernels(t, func(t *testing.T) {
		b := cpu.New()
		f := golden.Open(t, "sdl.safetensors")
		a := &Anchors{Distillation: recipe.Distillation{Nearest: 2}, Features: f.Tensor(b, "queue"), Probabilities: f.Tensor(b, "answers")}
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

// firsts returns the first number of each row of a tensor.
func firsts(t *testing.T, x *engine.Tensor) (all []float32) {
	values, err := engine.Read[float32](x)
	require.NoError(t, err)
	for i := 0; i < len(values); i += x.Dim(-1) {
		all = append(all, values[i])
	}
	return all
}

// Each class has a queue of its own, in which the latest anchor comes first and the oldest makes room; parts of a step join in its order.
func TestAnchorsAreQueues(t *testing.T) {
	b := cpu.New()
	a := NewAnchors(nn.NewScope(b, engine.Float32, nil), recipe.Distillation{Anchors: 3}, 1, 6, 3, 4)
	b.Fill(a.Features, -10)
	b.Fill(a.Probabilities, -20)
	features, answers := make([]float32, 5*4), make([]float32, 5*3)
	for i := range features {
		features[i] = float32(i/4+1) + float32(i%4)/10
	}
	for i := range answers {
		answers[i] = float32(100*(i/3+1) + i%3)
	}
	hold := func(at int, labels ...int) {
		n := len(labels)
		a.Hold(at, labels, engine.FromSlice(b, engine.Float32, features[4*at:4*(at+n)], n, 4), engine.FromSlice(b, engine.Float32, answers[3*at:3*(at+n)], n, 3))
	}
	hold(0, 2, 0, 2)
	hold(3, 2, 0)
	a.Push(4)
	require.Equal(t, []float32{2, -10, -10, -10, -10, -10, 4, 3, 1}, firsts(t, a.Features))
	require.Equal(t, []float32{200, -20, -20, -20, -20, -20, 400, 300, 100}, firsts(t, a.Probabilities))
	hold(0, 1, 2)
	a.Push(2)
	require.Equal(t, []float32{2, -10, -10, 1, -10, -10, 2, 4, 3}, firsts(t, a.Features))
	whole, err := engine.Read[float32](a.Probabilities)
	require.NoError(t, err)
	require.Equal(t, []float32{100, 101, 102}, whole[9:12])

	a = NewAnchors(nn.NewScope(b, engine.Float32, nil), recipe.Distillation{Anchors: 1}, 1, 6, 3, 4)
	hold(0, 1)
	a.Push(1)
	require.Equal(t, float32(1), firsts(t, a.Features)[1], "a queue of one")
}

// Queues begin with numbers of the seed from 0 to 1, all different, and are states that checkpoints keep. There are none in inference.
func TestAnchorsBegin(t *testing.T) {
	begin := func(seed uint64) (values []float32, names []string) {
		s := nn.NewScope(cpu.New(), engine.Float32, nn.Random{Seed: 9})
		NewAnchors(s, recipe.Distillation{Anchors: 5}, seed, 2, 3, 40)
		require.Empty(t, s.Params())
		for _, p := range s.States() {
			v, err := engine.Read[float32](p.Data())
			require.NoError(t, err)
			values, names = append(values, v...), append(names, fmt.Sprint(p.Name, p.Shape()))
		}
		return values, names
	}
	values, names := begin(3)
	require.Equal(t, []string{"anchors.features[3 5 40]", "anchors.probabilities[3 5 3]"}, names)
	again, _ := begin(3)
	require.Equal(t, values, again)
	other, _ := begin(4)
	require.NotEqual(t, values, other)
	slices.Sort(values)
	require.Len(t, slices.Compact(slices.Clone(values)), 3*5*43)
	require.InDelta(t, 0, values[0], 0.02)
	require.InDelta(t, 0.5, values[len(values)/2], 0.05)
	require.InDelta(t, 1, values[len(values)-1], 0.02)
	require.Nil(t, NewAnchors(nn.NewInferenceScope(cpu.New(), nil, engine.Full), recipe.Distillation{Anchors: 5}, 3, 2, 3, 40))
}

// The published schedule of 100 epochs, and that of a run of 10.
func TestSchedule(t *testing.T) {
	a := &Anchors{Distillation: recipe.Distillation{Starts: []float64{0.3, 0.5, 0.6, 0.8}, Weights: []float64{0.01, 0.1, 0.5, 1}, TakesFrom: 0.21}}
	for epoch, want := range map[int]float64{0: 0, 29: 0, 30: 0.01, 49: 0.01, 50: 0.1, 59: 0.1, 60: 0.5, 79: 0.5, 80: 1, 99: 1} {
		require.Equal(t, want, a.Weight(epoch, 100), epoch)
	}
	for epoch, want := range map[int]float64{2: 0, 3: 0.01, 4: 0.01, 5: 0.1, 6: 0.5, 7: 0.5, 8: 1} {
		require.Equal(t, want, a.Weight(epoch, 10), epoch)
	}
	takes := func(epochs int) (all []int) {
		for epoch := range epochs {
			if a.Takes(epoch, epochs) {
				all = append(all, epoch)
			}
		}
		return all
	}
	require.Equal(t, []int{3, 4, 5, 6, 7, 8, 9}, takes(10))
	require.Equal(t, 21, takes(100)[0])
	a.UpdateEvery = 3
	require.Equal(t, []int{3, 6, 9}, takes(10))
	a.UpdateEvery = 100
	require.Empty(t, takes(100), "as released: never")
	a.TakesFrom, a.UpdateEvery = 0.07, 0
	require.Equal(t, 7, takes(100)[0], "0.07·100 is rounded to more than 7")
}
