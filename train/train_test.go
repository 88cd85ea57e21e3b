package train

import (
	"context"
	"errors"
	"iter"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/nn"
)

// A warm-up of W steps is linspace(0, base, W), both ends included, and the cosine starts at base.
func TestWarmupCosine(t *testing.T) {
	s := WarmupCosine(4, 1, 5, 9)
	for step, want := range []float64{0, 1, 2, 3, 4, 4, 1 + 1.5*(1+math.Cos(math.Pi/4)), 2.5, 1 + 1.5*(1+math.Cos(3*math.Pi/4))} {
		require.InDelta(t, want, s(step), 1e-12, "step %d", step)
	}
	require.InDelta(t, 2.0, WarmupCosine(2, 0, 0, 4)(0), 1e-12, "without warm-up")
	require.Zero(t, WarmupCosine(2, 0, 1, 4)(0))
}

// The numbers of the published pre-training: 5 % warm-up to 1.2e-3, and then a cosine that sets in at 0.9938 of it.
func TestComposedCosine(t *testing.T) {
	s := ComposedCosine(1e-6, 1.2e-3, 0.05, 1000)
	require.InDelta(t, 1e-6, s(0), 1e-12)
	require.InDelta(t, 1.2e-3*0.5+1e-6*0.5, s(25), 1e-12)
	require.InDelta(t, 0.9938*1.2e-3, s(50), 1e-7)
	require.InDelta(t, 0.6e-3, s(500), 1e-12)
}

func TestOrder(t *testing.T) {
	a := Order(30, 12, 7, 3)
	require.Equal(t, a, Order(30, 12, 7, 3))
	require.NotEqual(t, a, Order(30, 12, 7, 4))
	require.NotEqual(t, a, Order(30, 12, 8, 3))
	images := 0
	for _, m := range a {
		if m == data.Image {
			images++
		}
	}
	require.Equal(t, 30, images)
	require.Len(t, a, 42)
}

func TestDraw(t *testing.T) {
	counts := map[int]int{}
	for _, i := range Draw(25, 10, 1, "x", 0) {
		counts[i]++
	}
	require.Len(t, counts, 10)
	for i, n := range counts {
		require.Contains(t, []int{2, 3}, n, "sample %d", i)
	}
	labels := []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 3}
	rare := 0
	for _, i := range DrawBalanced(2000, labels, 1, "x", 0) {
		if labels[i] == 3 {
			rare++
		}
	}
	require.InDelta(t, 1000, rare, 120, "one sample in ten, drawn half of the time")
}

func TestConfusion(t *testing.T) {
	c := NewConfusion(4)
	for _, p := range [][2]int{{0, 0}, {0, 0}, {0, 1}, {0, 3}, {1, 1}, {3, 0}} {
		c.Add(p[0], p[1])
	}
	require.Equal(t, 6, c.N())
	require.InDelta(t, (50+100+0)/3.0, c.UAR(), 1e-9, "class 2 is not there and does not count")
	require.InDelta(t, 50, c.WAR(), 1e-9)
	_, ok := c.Recall(2)
	require.False(t, ok)
	require.Zero(t, NewConfusion(2).UAR())
}

// descent is a parameter that is pulled to 3.
func descent(b engine.Backend, factor func(epoch int) float64) (*Loop[int], nn.Param) {
	p := nn.Param{Name: "w", Value: ag.Param(engine.FromSlice(b, engine.Float32, []float32{0, 1}, 2))}
	goal := []float32{3, 3}
	return &Loop[int]{
		Backend: b, Epochs: 4, Steps: 25, Schedule: func(int) float64 { return 0.1 },
		Optimizer: NewAdamW(b, []nn.Param{p}, AdamWConfig{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8,
			Group: func(string, []int) (float64, float64) { return 1, 0 }}),
		Batches: func(_ context.Context, epoch int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for range 25 {
					if !yield(epoch, nil) {
						return
					}
				}
			}
		},
		Loss: func(t *ag.Tape, epoch int) *ag.Value {
			d := ag.Sub(t.Const(engine.FromSlice(b, engine.Float32, goal, 2)), p.Value)
			return ag.Scale(ag.Sum(ag.Mul(d, d)), factor(epoch))
		},
		OnStep:  func(Step, int) {},
		OnEpoch: func(context.Context, int) error { return nil },
	}, p
}

func TestLoopReachesTheGoal(t *testing.T) {
	b := engine.NewCPU()
	l, p := descent(b, func(int) float64 { return 1 })
	require.NoError(t, l.Run(t.Context(), 0))
	w, err := engine.Read[float64](p.Data())
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{3, 3}, w, 0.05)
}

// A loss that is not finite stops the run before it reaches the parameters, and says where.
func TestLoopStopsOnNaN(t *testing.T) {
	b := engine.NewCPU()
	l, p := descent(b, func(epoch int) float64 {
		if epoch == 2 {
			return math.NaN()
		}
		return 1
	})
	err := l.Run(t.Context(), 0)
	require.EqualError(t, err, "loss is NaN in epoch 2, step 0 (2, learning rate 0.1): lower the learning rate or clip gradients")
	w, err := engine.Read[float64](p.Data())
	require.NoError(t, err)
	require.False(t, math.IsNaN(w[0]))
}

// So do gradients that overflow behind a finite loss, clipped or not.
func TestLoopStopsOnNaNGradient(t *testing.T) {
	b := engine.NewCPU()
	for _, clip := range []float64{0, 1} {
		l, p := descent(b, func(int) float64 { return 1 })
		well := l.Loss
		l.Clip, l.Loss = clip, func(t *ag.Tape, epoch int) *ag.Value {
			if epoch < 2 {
				return well(t, epoch)
			}
			w := ag.Sub(p.Value, t.Const(engine.Zeros(b, engine.Float32, 2)))
			return ag.Sum(ag.Scale(ag.Scale(ag.Sub(w, w), 1e38), 1e38))
		}
		var before []float64
		saved := 0
		l.OnEpoch = func(context.Context, int) (err error) {
			saved++
			before, err = engine.Read[float64](p.Data())
			return err
		}
		steps := 0
		l.OnStep = func(s Step, _ int) {
			require.Positive(t, s.GradNorm)
			steps++
		}
		require.ErrorContains(t, l.Run(t.Context(), 0), "norm of the gradients is NaN in epoch 2, step 0 (2, learning rate 0.1)")
		require.Equal(t, 2, saved)
		require.Equal(t, 50, steps)
		after, err := engine.Read[float64](p.Data())
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.Equal(t, []int{50}, l.Optimizer.steps)
	}
}

func TestLoopStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, _ := descent(engine.NewCPU(), func(int) float64 { return 1 })
	steps := 0
	l.OnStep = func(Step, int) {
		if steps++; steps == 30 {
			cancel()
		}
	}
	require.ErrorIs(t, l.Run(ctx, 0), context.Canceled)
	require.Equal(t, 30, steps)
	l.OnEpoch = func(context.Context, int) error { return errors.New("disk full") }
	require.ErrorContains(t, l.Run(t.Context(), 0), "disk full")
}

// Adam's first step hardly depends on the scale of gradients; its first moment, a tenth of them, does.
func TestClip(t *testing.T) {
	b := engine.NewCPU()
	norm := 1000 * math.Hypot(6, 4)
	for clip, scale := range map[float64]float64{0: 1, 1: 1 / norm, 2 * norm: 1} {
		l, p := descent(b, func(int) float64 { return 1000 })
		tape := ag.NewTape(b)
		tape.Backward(l.Loss(tape, 0))
		got, err := l.Optimizer.Update(0.1, clip)
		tape.Close()
		require.NoError(t, err)
		require.InEpsilon(t, norm, got, 1e-5)
		require.Nil(t, p.Grad(), "gradients are forgotten")
		m, err := engine.Read[float64](l.Optimizer.m[0])
		require.NoError(t, err)
		require.InEpsilonSlice(t, []float64{-600 * scale, -400 * scale}, m, 1e-5, "clip %v", clip)
	}
}

func TestCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.safetensors")
	b := engine.NewCPU()
	l, p := descent(b, func(int) float64 { return 1 })
	l.Epochs = 1
	require.NoError(t, l.Run(t.Context(), 0))
	require.NoError(t, Save(path, l.Optimizer, Progress{Epoch: 1, Best: 3, HasBest: true, Recipe: "r"}))
	l.Epochs = 3
	require.NoError(t, l.Run(t.Context(), 1))
	want, err := engine.Read[float32](p.Data())
	require.NoError(t, err)

	again, q := descent(b, func(int) float64 { return 1 })
	progress, err := Resume(path, again.Optimizer)
	require.NoError(t, err)
	require.Equal(t, Progress{Epoch: 1, Best: 3, HasBest: true, Recipe: "r"}, progress)
	again.Epochs = 3
	require.NoError(t, again.Run(t.Context(), 1))
	got, err := engine.Read[float32](q.Data())
	require.NoError(t, err)
	require.Equal(t, want, got, "resumed and not resumed differ")

	_, err = Resume("../testdata/golden/s4d_tiny.safetensors", again.Optimizer)
	require.ErrorContains(t, err, "not a checkpoint of mien")
}

func TestThen(t *testing.T) {
	count := func(step int) float64 { return float64(step) }
	s := Then(count, 3, func(step int) float64 { return 10 + count(step) })
	for step, want := range []float64{0, 1, 2, 10, 11} {
		require.Equal(t, want, s(step))
	}
}
