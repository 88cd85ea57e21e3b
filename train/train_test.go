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
	"mien/engine"
	"mien/engine/cpu"
	"mien/nn"
)

// descent minimises the distance of a parameter to 3.
func descent(b engine.Backend, factor func(epoch int) float64) (*Loop[int], nn.Param) {
	p := nn.Param{Name: "w", Value: ag.Param(engine.FromSlice(b, engine.Float32, []float32{0, 1}, 2))}
	goal := []float32{3, 3}
	return &Loop[int]{
		Backend: b, Epochs: 4, Steps: 25, Schedule: func(int) float64 { return 0.1 },
		Optimizer: NewAdamW(b, []nn.Param{p}, 0.99, func(string, []int) (float64, float64) { return 1, 0 }),
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
		OnStep:  func(Step, int) error { return nil },
		OnEpoch: func(context.Context, int) error { return nil },
	}, p
}

func TestLoopReachesTheGoal(t *testing.T) {
	b := cpu.New()
	l, p := descent(b, func(int) float64 { return 1 })
	require.NoError(t, l.Run(t.Context(), 0))
	w, err := engine.Read[float64](p.Data())
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{3, 3}, w, 0.05)
}

// A loss that is not finite stops the run before it reaches the parameters, and says where.
func TestLoopStopsOnNaN(t *testing.T) {
	b := cpu.New()
	l, p := descent(b, func(epoch int) float64 {
		if epoch == 2 {
			return math.NaN()
		}
		return 1
	})
	err := l.Run(t.Context(), 0)
	require.EqualError(t, err, "loss is NaN in epoch 3, step 0 (2, learning rate 0.1): lower the learning rate or clip gradients")
	w, err := engine.Read[float64](p.Data())
	require.NoError(t, err)
	require.False(t, math.IsNaN(w[0]))
}

// So do gradients that overflow while the loss is finite, clipped or not.
func TestLoopStopsOnNaNGradient(t *testing.T) {
	b := cpu.New()
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
		l.OnStep = func(s Step, _ int) error {
			require.Positive(t, s.GradNorm)
			steps++
			return nil
		}
		require.ErrorContains(t, l.Run(t.Context(), 0), "norm of the gradients is NaN in epoch 3, step 0 (2, learning rate 0.1)")
		require.Equal(t, 2, saved)
		require.Equal(t, 50, steps)
		after, err := engine.Read[float64](p.Data())
		require.NoError(t, err)
		require.Equal(t, before, after)
		counts, err := engine.Read[int32](l.Optimizer.steps)
		require.NoError(t, err)
		require.Equal(t, []int32{50}, counts)
	}
}

func TestLoopStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, _ := descent(cpu.New(), func(int) float64 { return 1 })
	steps := 0
	l.OnStep = func(Step, int) error {
		if steps++; steps == 30 {
			cancel()
		}
		return nil
	}
	require.ErrorIs(t, l.Run(ctx, 0), context.Canceled)
	require.Equal(t, 30, steps)
	l.OnEpoch = func(context.Context, int) error { return errors.New("disk full") }
	require.ErrorContains(t, l.Run(t.Context(), 0), "disk full")
	l.OnStep = func(Step, int) error { return errors.New("log full") }
	require.ErrorContains(t, l.Run(t.Context(), 0), "log full")
}

// Adam's first step hardly depends on the scale of gradients; its first moment, a tenth of them, does.
func TestClip(t *testing.T) {
	b := cpu.New()
	norm := 1000 * math.Hypot(6, 4)
	for clip, scale := range map[float64]float64{0: 1, 1: 1 / norm, 2 * norm: 1} {
		l, p := descent(b, func(int) float64 { return 1000 })
		tape := ag.NewTape(b)
		loss := l.Loss(tape, 0)
		tape.Backward(loss)
		figures, err := engine.Read[float64](l.Optimizer.Update(loss.Data(), 0.1, clip))
		tape.Close()
		require.NoError(t, err)
		require.InEpsilon(t, norm, figures[engine.FigureNorm], 1e-5)
		require.InEpsilon(t, scale, figures[engine.FigureScale], 1e-5)
		require.InEpsilon(t, 13000, figures[engine.FigureLoss], 1e-5)
		require.Nil(t, p.Grad(), "gradients are forgotten")
		m, err := engine.Read[float64](l.Optimizer.m[0])
		require.NoError(t, err)
		require.InEpsilonSlice(t, []float64{-600 * scale, -400 * scale}, m, 1e-5, "clip %v", clip)
	}
}

func TestCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.safetensors")
	b := cpu.New()
	l, p := descent(b, func(int) float64 { return 1 })
	l.Epochs = 1
	require.NoError(t, l.Run(t.Context(), 0))
	require.NoError(t, Save(path, []nn.Param{p}, l.Optimizer, Progress{Epoch: 1, Best: 3, HasBest: true, Run: "r"}))
	l.Epochs = 3
	require.NoError(t, l.Run(t.Context(), 1))
	want, err := engine.Read[float32](p.Data())
	require.NoError(t, err)

	again, q := descent(b, func(int) float64 { return 1 })
	progress, err := Resume(path, []nn.Param{q}, again.Optimizer)
	require.NoError(t, err)
	require.Equal(t, Progress{Epoch: 1, Best: 3, HasBest: true, Run: "r"}, progress)
	again.Epochs = 3
	require.NoError(t, again.Run(t.Context(), 1))
	got, err := engine.Read[float32](q.Data())
	require.NoError(t, err)
	require.Equal(t, want, got, "resumed and not resumed differ")

	_, err = Resume("../testdata/golden/s4d_tiny.safetensors", nil, again.Optimizer)
	require.ErrorContains(t, err, "not a checkpoint of this version of mien")
}
