package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	ag "mien/autograd"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
	"mien/nn"
)

// place is a batch that consists of its position in the run.
type place struct{ epoch, step int }

func (p place) String() string { return fmt.Sprintf("place %d.%d", p.epoch, p.step) }

// places yields n batches.
func places(n int) func(context.Context, int) iter.Seq2[place, error] {
	return func(_ context.Context, epoch int) iter.Seq2[place, error] {
		return func(yield func(place, error) bool) {
			for step := range n {
				if !yield(place{epoch, step}, nil) {
					return
				}
			}
		}
	}
}

// plain is a Group without decay.
func plain(string, []int) (lrScale, decay float64) { return 1, 0 }

// slope is a run of two epochs of three steps, whose loss at place p is (10·epoch + step)·w with w = 2 at the start. What is heard of gradients
// is their norm before clipping.
func slope(b engine.Backend) (l *Loop[place], log *[]string) {
	log = new([]string)
	note := func(format string, args ...any) { *log = append(*log, fmt.Sprintf(format, args...)) }
	w := nn.Param{Name: "w", Value: ag.Param(engine.FromSlice(b, engine.Float32, []float32{2}, 1))}
	return &Loop[place]{
		Backend: b, Epochs: 2, Steps: 3, Batches: places(3),
		Schedule:  func(step int) float64 { return float64(step) / 1000 },
		Clip:      5,
		Optimizer: NewAdamW(b, []nn.Param{w}, 0.99, plain),
		Loss: func(t *ag.Tape, p place) *ag.Value {
			note("loss %v", p)
			x := t.Const(engine.Filled(b, engine.Float32, float64(10*p.epoch+p.step), 1))
			return ag.Sum(ag.Mul(x, w.Value))
		},
		AfterStep: func(p place) { note("after %v", p) },
		OnStep: func(s Step, p place) error {
			note("heard %v: epoch %d step %d lr %v loss %.2g norm %.2g", p, s.Epoch, s.Step, s.LR, s.Loss, s.GradNorm)
			return nil
		},
		OnEpoch: func(_ context.Context, epoch int) error { note("epoch %d", epoch); return nil },
	}, log
}

// flushing is a backend that records its flushes.
type flushing struct {
	engine.Backend
	log **[]string
}

func (f flushing) Flush() {
	**f.log = append(**f.log, "flush")
	f.Backend.Flush()
}

// The loop submits a step, then reads the figures of the previous one, and those of the last before the epoch ends. The figures
// belong to the right step.
func TestOrder(t *testing.T) {
	for _, b := range []engine.Backend{cpu.New(), enginetest.NewDeferred(cpu.New(), 0)} {
		var log *[]string
		l, noted := slope(flushing{b, &log})
		log = noted
		require.NoError(t, l.Run(t.Context(), 0))
		require.Equal(t, []string{
			"loss place 0.0", "after place 0.0", "flush",
			"loss place 0.1", "after place 0.1", "flush", "heard place 0.0: epoch 0 step 0 lr 0 loss 0 norm 0",
			"loss place 0.2", "after place 0.2", "flush", "heard place 0.1: epoch 0 step 1 lr 0.001 loss 2 norm 1",
			"heard place 0.2: epoch 0 step 2 lr 0.002 loss 4 norm 2", "epoch 0",
			"loss place 1.0", "after place 1.0", "flush",
			"loss place 1.1", "after place 1.1", "flush", "heard place 1.0: epoch 1 step 0 lr 0.003 loss 20 norm 10",
			"loss place 1.2", "after place 1.2", "flush", "heard place 1.1: epoch 1 step 1 lr 0.004 loss 22 norm 11",
			"heard place 1.2: epoch 1 step 2 lr 0.005 loss 24 norm 12", "epoch 1",
		}, *log)
	}
}

// A resumed run starts with the next epoch, and its schedule continues.
func TestRunFromAnEpoch(t *testing.T) {
	l, log := slope(cpu.New())
	l.AfterStep = nil
	require.NoError(t, l.Run(t.Context(), 1))
	require.Equal(t, "loss place 1.0", (*log)[0])
	require.Contains(t, (*log)[2], "heard place 1.0: epoch 1 step 0 lr 0.003 loss 20 norm 10")
	*log = nil
	require.NoError(t, l.Run(t.Context(), 2))
	require.Empty(t, *log)
}

// The figures of a step are freed once read, also when the run is aborted.
func TestFiguresAreFreed(t *testing.T) {
	b := enginetest.NewDeferred(cpu.New(), 0) // whose figures are to the byte
	l, _ := slope(b)
	before := b.Stats().LiveBytes
	require.NoError(t, l.Run(t.Context(), 0))
	after := b.Stats().LiveBytes
	require.Equal(t, 4*engine.FigureCount, after-before, "those of the last step, for the next one")
	l.OnStep = func(Step, place) error { return nil }
	l.Parts, l.Batches = 2, places(6)
	require.NoError(t, l.Run(t.Context(), 0))
	require.Equal(t, after, b.Stats().LiveBytes, "nor does a loss of a part stay")
	for _, batches := range []func(context.Context, int) iter.Seq2[place, error]{
		func(context.Context, int) iter.Seq2[place, error] {
			return func(yield func(place, error) bool) {
				_ = yield(place{}, nil) && yield(place{}, nil) && yield(place{}, nil) && yield(place{}, errors.New("unreadable"))
			}
		},
		places(2),
	} {
		l.Batches = batches
		require.Error(t, l.Run(t.Context(), 0))
		l.Optimizer.params[0].ZeroGrad() // of the parts of a step that was not finished
		require.Equal(t, after, b.Stats().LiveBytes)
	}
}

func TestLoopErrors(t *testing.T) {
	l, log := slope(cpu.New())
	l.Batches = places(2)
	require.EqualError(t, l.Run(t.Context(), 0), "epoch 0 had 2 steps, not 3")
	require.NotContains(t, *log, "epoch 0")

	l, log = slope(cpu.New())
	l.Batches = func(context.Context, int) iter.Seq2[place, error] {
		return func(yield func(place, error) bool) {
			if yield(place{}, nil) {
				yield(place{}, errors.New("unreadable"))
			}
		}
	}
	require.EqualError(t, l.Run(t.Context(), 0), "unreadable")
	require.Equal(t, []string{"loss place 0.0"}, (*log)[:1])
	require.NotContains(t, *log, "epoch 0")
}

// full is a backend that runs out of memory in the middle of a step.
type full struct {
	engine.Backend
	left *int
}

func (f full) Alloc(bytes int) (engine.Buffer, error) {
	if *f.left--; *f.left < 0 {
		return nil, errors.New("full")
	}
	return f.Backend.Alloc(bytes)
}

func TestLoopWithoutMemory(t *testing.T) {
	left := 100
	inner := cpu.New()
	l, _ := slope(full{inner, &left})
	before := inner.Stats().LiveBytes
	left = 3
	var alloc *engine.AllocError
	require.ErrorAs(t, l.Run(t.Context(), 0), &alloc)
	l.Optimizer.params[0].ZeroGrad()
	require.Equal(t, before, inner.Stats().LiveBytes, "the step that failed gave back what it had")
}

// An optimizer for which there is no memory gives back what it had.
func TestOptimizerWithoutMemory(t *testing.T) {
	inner := cpu.New()
	_, params, _ := dot(inner)
	before := inner.Stats().LiveBytes
	for room := range 7 { // two moments of three parameters, and their counts
		err := func() (err error) {
			defer engine.Catch(&err)
			left := room
			NewAdamW(full{inner, &left}, params, 0.99, plain)
			return nil
		}()
		require.Error(t, err, "room for %d tensors", room)
		require.Equal(t, before, inner.Stats().LiveBytes, "room for %d tensors", room)
	}
}

// The tape of a step has the settings of the loop.
func TestTapeOfAStep(t *testing.T) {
	l, _ := slope(cpu.New())
	loss := l.Loss
	for _, recompute := range []bool{false, true} {
		l.Recompute, l.Precision = recompute, engine.BF16
		l.Loss = func(tape *ag.Tape, p place) *ag.Value {
			require.Equal(t, recompute, tape.Recompute)
			require.Equal(t, engine.BF16, tape.Precision)
			return loss(tape, p)
		}
		require.NoError(t, l.Run(t.Context(), 0))
	}
}

// dot is the loss Σ goal·w of two parameters, which have gradients of different sizes.
func dot(b engine.Backend, freeze ...string) (a *AdamW, params []nn.Param, loss func(t *ag.Tape) *ag.Value) {
	made := func(name string, values ...float32) nn.Param {
		return nn.Param{Name: name, Value: ag.Param(engine.FromSlice(b, engine.Float32, values, len(values)))}
	}
	params = []nn.Param{made("first", 1, 2), made("second", 3), made("third", 4, 5, 6)}
	if _, err := nn.Freeze(params, freeze); err != nil {
		panic(err)
	}
	a = NewAdamW(b, params, 0.99, func(name string, _ []int) (float64, float64) {
		return map[string]float64{"first": 1, "second": 0.5, "third": 0.25}[name], map[string]float64{"third": 0.1}[name]
	})
	return a, params, func(t *ag.Tape) *ag.Value {
		one := t.Const(engine.Filled(b, engine.Float32, 1, 1))
		sum := ag.Sum(ag.Mul(one, params[0].Value))
		sum = ag.Add(sum, ag.Sum(ag.Mul(one, params[1].Value)))
		return ag.Add(sum, ag.Sum(ag.Mul(one, params[2].Value)))
	}
}

func values(t *testing.T, x *engine.Tensor) []float64 {
	v, err := engine.Read[float64](x)
	require.NoError(t, err)
	return v
}

// A first step moves each element by the learning rate of its group, against its gradient, after weight decay.
func TestGroups(t *testing.T) {
	b := cpu.New()
	a, params, loss := dot(b)
	tape := ag.NewTape(b)
	l := loss(tape)
	tape.Backward(l)
	figures := values(t, a.Update(l.Data(), 0.1, 0))
	require.InDelta(t, 21, figures[engine.FigureLoss], 1e-5)
	require.InDelta(t, math.Sqrt(6), figures[engine.FigureNorm], 1e-5)
	require.InDeltaSlice(t, []float64{0.9, 1.9}, values(t, params[0].Data()), 1e-5)
	require.InDeltaSlice(t, []float64{2.95}, values(t, params[1].Data()), 1e-5)
	for i, v := range values(t, params[2].Data()) {
		require.InDelta(t, float64(4+i)*(1-0.025*0.1)-0.025, v, 1e-5)
	}
}

// A frozen parameter has no moments, is not changed, and does not count in the norm.
func TestFrozenParameters(t *testing.T) {
	b := enginetest.NewDeferred(cpu.New(), 0) // whose figures are to the byte
	before := b.Stats().LiveBytes
	a, params, loss := dot(b, "second", "third")
	require.Len(t, a.m, 1)
	require.Len(t, a.v, 1)
	require.Equal(t, 1, a.steps.Len())
	require.Equal(t, 4*(6+2*2+1), b.Stats().LiveBytes-before, "six parameters, two moments of two, one count")
	for range 3 {
		tape := ag.NewTape(b)
		l := loss(tape)
		tape.Backward(l)
		require.InDelta(t, math.Sqrt2, values(t, a.Update(l.Data(), 0.1, 0))[engine.FigureNorm], 1e-5)
		tape.Close()
	}
	require.Equal(t, []float64{3}, values(t, params[1].Data()))
	require.Equal(t, []float64{4, 5, 6}, values(t, params[2].Data()))
	require.InDeltaSlice(t, []float64{0.7, 1.7}, values(t, params[0].Data()), 1e-4)
}

// A parameter without a gradient in a batch keeps its value, moments and step count, and does not decay.
func TestParameterWithoutGradient(t *testing.T) {
	b := cpu.New()
	a, params, loss := dot(b)
	for step := range 3 {
		tape := ag.NewTape(b)
		l := loss(tape)
		if step > 0 {
			l = ag.Sum(ag.Mul(tape.Const(engine.Filled(b, engine.Float32, 1, 1)), params[0].Value))
		}
		tape.Backward(l)
		a.Update(l.Data(), 0.1, 0).Free()
		tape.Close()
	}
	require.Equal(t, []float64{3, 1, 1}, values(t, a.steps))
	require.InDeltaSlice(t, []float64{2.95}, values(t, params[1].Data()), 1e-5)
	require.InDeltaSlice(t, []float64{0.1}, values(t, a.m[1]), 1e-6)
}

// A parameter steps by the rate and the decay of its own group, whichever others have no gradient.
func TestGroupsOfSomeParameters(t *testing.T) {
	for i, want := range [][]float64{{0.9, 1.9}, {2.95}, {3.965, 4.9625, 5.96}} { // the third: (1 − 0.025·0.1)·w − 0.025
		for _, idle := range []bool{false, true} {
			b := cpu.New()
			a, params, _ := dot(b)
			a.IdleSteps = idle
			before := all(t, a, params)
			steps(a, b, 1, alone(b, params[i]))
			require.InDeltaSlice(t, want, values(t, params[i].Data()), 1e-5, "parameter %d alone", i)
			for other, p := range params {
				if other != i {
					require.Contains(t, before, values(t, p.Data()), "parameter %d stays", other)
				}
			}
		}
	}
}

// alone is the loss Σ p of one parameter.
func alone(b engine.Backend, p nn.Param) func(t *ag.Tape) *ag.Value {
	return func(t *ag.Tape) *ag.Value {
		return ag.Sum(ag.Mul(t.Const(engine.Filled(b, engine.Float32, 1, 1)), p.Value))
	}
}

// idle takes one step with the first of dot's parameters alone, then one with all, and then n with the first alone.
func idle(t *testing.T, a *AdamW, params []nn.Param, loss func(t *ag.Tape) *ag.Value, n int) {
	first := alone(a.backend, params[0])
	for _, l := range append([]func(*ag.Tape) *ag.Value{first, loss}, slices.Repeat([]func(*ag.Tape) *ag.Value{first}, n)...) {
		steps(a, a.backend, 1, l)
	}
}

// With IdleSteps a parameter is left alone until its first gradient, and from then on steps without one as with one of zero, by AdamW's
// equations.
func TestIdleSteps(t *testing.T) {
	b := cpu.New()
	a, params, loss := dot(b)
	a.IdleSteps = true
	idle(t, a, params, loss, 2)
	require.Equal(t, []float64{4, 3, 3}, values(t, a.steps))
	m, v, w := 0.0, 0.0, 4.0 // of the first element of the third parameter, whose rate is 0.25·0.1, and decay 0.1
	for step, g := range []float64{1, 0, 0} {
		norm := math.Sqrt(2 + 1 + 3)
		if g != 0 {
			g = 1 / norm // clipped
		}
		m, v = 0.9*m+0.1*g, 0.99*v+0.01*g*g
		n := float64(step + 1)
		w = w*(1-0.025*0.1) - 0.025*(m/(1-math.Pow(0.9, n)))/(math.Sqrt(v/(1-math.Pow(0.99, n)))+1e-8)
	}
	require.InDelta(t, w, values(t, params[2].Data())[0], 1e-5)
	require.InDelta(t, m, values(t, a.m[2])[0], 1e-6)

}

// A checkpoint says of each parameter whether it ever had a gradient: wherever training is cut, before the first one, right after it or
// later, it goes on as if it had not been.
func TestIdleStepsAfterACheckpoint(t *testing.T) {
	const first, second = 0, 1
	order := []int{first, first, second, first, first, second, first} // the parameter that alone has a gradient
	counts := [][]float64{{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 1, 0}, {4, 2, 0}, {5, 3, 0}, {6, 4, 0}, {7, 5, 0}}
	for cut := range counts {
		b := cpu.New()
		a, params, _ := dot(b)
		a.IdleSteps = true
		run := func(a *AdamW, params []nn.Param, order []int) {
			for _, p := range order {
				steps(a, b, 1, alone(b, params[p]))
			}
		}
		run(a, params, order[:cut])
		require.Equal(t, counts[cut], values(t, a.steps))
		path := filepath.Join(t.TempDir(), "checkpoint")
		require.NoError(t, Save(path, params, a, Progress{}))
		again, restored, _ := dot(b)
		again.IdleSteps = true
		_, err := Resume(path, restored, again)
		require.NoError(t, err)
		require.Equal(t, all(t, a, params), all(t, again, restored))
		for at := cut; at < len(order); at++ {
			run(a, params, order[at:at+1])
			run(again, restored, order[at:at+1])
			require.Equal(t, all(t, a, params), all(t, again, restored), "cut after %d, after step %d", cut, at+1)
			require.Equal(t, counts[at+1], values(t, again.steps))
		}
	}
}

// What is not finite is named: the loss, or else the norm of the gradients.
func TestErrorNamesWhatDiverged(t *testing.T) {
	b, inf, nan := cpu.New(), float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		loss, norm float32
		want       string
	}{
		{2, inf, "norm of the gradients is +Inf"}, {2, nan, "norm of the gradients is NaN"}, {inf, nan, "loss is +Inf"}, {-inf, 3, "loss is -Inf"},
		{nan, inf, "loss is NaN"}, {nan, 3, "loss is NaN"},
	} {
		figures := make([]float32, engine.FigureCount)
		figures[engine.FigureLoss], figures[engine.FigureNorm] = c.loss, c.norm
		l := Loop[string]{OnStep: func(Step, string) error { t.Error("heard"); return nil }}
		err := l.hear(&pending[string]{Step{Epoch: 5, Step: 7, LR: 0.5}, "faces", engine.FromSlice(b, engine.Float32, figures, engine.FigureCount)})
		require.EqualError(t, err, c.want+" in epoch 6, step 7 (faces, learning rate 0.5): lower the learning rate or clip gradients")
	}
	require.Zero(t, b.Stats().LiveBytes)
}

// If the last step diverges, its epoch ends with an error and without a checkpoint.
func TestLoopStopsOnALastStepThatDiverges(t *testing.T) {
	for _, sign := range []int{1, -1} {
		l, log := slope(cpu.New())
		loss := l.Loss
		l.Loss = func(t *ag.Tape, p place) *ag.Value {
			return ag.Scale(loss(t, p), map[bool]float64{true: math.Inf(sign), false: 1}[p.step == 2])
		}
		require.EqualError(t, l.Run(t.Context(), 0),
			fmt.Sprintf("loss is %v in epoch 1, step 2 (place 0.2, learning rate 0.002): lower the learning rate or clip gradients", math.Inf(sign)))
		require.NotContains(t, *log, "epoch 0")
		require.Contains(t, (*log)[len(*log)-1], "heard place 0.1")
	}
}

// Batches that end because the context was cancelled are an interruption, not an error about too few.
func TestLoopEndsWithItsBatches(t *testing.T) {
	l, log := slope(cpu.New())
	ctx, cancel := context.WithCancel(t.Context())
	l.Batches = func(_ context.Context, epoch int) iter.Seq2[place, error] {
		return func(yield func(place, error) bool) {
			yield(place{epoch, 0}, nil)
			cancel()
		}
	}
	require.ErrorIs(t, l.Run(ctx, 0), context.Canceled)
	require.NotContains(t, *log, "epoch 0")
}

// lost is a backend that has lost its device.
type lost struct{ engine.Backend }

func (lost) Download([]byte, engine.Buffer, int) error { return errors.New("device lost") }

// A backend error surfaces where the loop waits for the backend.
func TestLoopHearsOfBackendErrors(t *testing.T) {
	l, log := slope(lost{cpu.New()})
	require.EqualError(t, l.Run(t.Context(), 0), "device lost")
	require.Equal(t, []string{"loss place 0.0", "after place 0.0", "loss place 0.1", "after place 0.1"}, *log)
}

// A step that diverged changes nothing, nor does the next one, which was submitted before the loop read its figures.
func TestNothingChangesAfterADivergence(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		l, log := slope(cpu.New())
		var before [][][]float64
		l.Loss = func(tape *ag.Tape, p place) *ag.Value {
			before = append(before, all(t, l.Optimizer, l.Optimizer.params))
			scale := 1.0
			if p == (place{0, 1}) {
				scale = bad
			}
			return ag.Scale(ag.Sum(ag.Mul(tape.Const(engine.Filled(l.Backend, engine.Float32, 1, 1)), l.Optimizer.params[0].Value)), scale)
		}
		require.ErrorContains(t, l.Run(t.Context(), 0), "epoch 1, step 1 (place 0.1")
		require.Len(t, before, 3, "the third step was under way")
		require.NotContains(t, *log, "epoch 0")
		require.Equal(t, before[1], before[2])
		require.Equal(t, before[1], all(t, l.Optimizer, l.Optimizer.params))
		require.Error(t, l.Run(t.Context(), 0), "nor does anything change later")
		require.Equal(t, before[1], all(t, l.Optimizer, l.Optimizer.params))
	}
}

// A step of several parts has the mean of their losses and gradients, one update, and one call of OnStep, with the last part.
func TestParts(t *testing.T) {
	for _, b := range []engine.Backend{cpu.New(), enginetest.NewDeferred(cpu.New(), 0)} {
		l, log := slope(b)
		l.Parts, l.Epochs, l.Batches = 2, 1, places(6)
		before := b.Stats().LiveBytes
		require.NoError(t, l.Run(t.Context(), 0))
		require.Equal(t, []string{
			"loss place 0.0", "loss place 0.1", "after place 0.1",
			"loss place 0.2", "loss place 0.3", "after place 0.3",
			"heard place 0.1: epoch 0 step 0 lr 0 loss 1 norm 0.5",
			"loss place 0.4", "loss place 0.5", "after place 0.5",
			"heard place 0.3: epoch 0 step 1 lr 0.001 loss 5 norm 2.5",
			"heard place 0.5: epoch 0 step 2 lr 0.002 loss 9 norm 4.5", "epoch 0",
		}, *log)
		require.Equal(t, []float64{3}, values(t, l.Optimizer.steps))
		require.Less(t, b.Stats().LiveBytes-before, 1000, "the figures of the last step are kept, losses of parts are not")

		l, log = slope(b)
		l.Parts, l.Batches = 2, places(6)
		require.NoError(t, l.Run(t.Context(), 1))
		require.Contains(t, *log, "heard place 1.1: epoch 1 step 0 lr 0.003 loss 21 norm 10")
		require.Equal(t, "epoch 1", (*log)[len(*log)-1])

		l.Epochs, l.Batches = 1, places(5)
		require.EqualError(t, l.Run(t.Context(), 0), "epoch 0 had 2 steps, not 3", "the last step lacks a part")
	}
}

// The first two steps of one element by Adam's definition, for a large gradient and one as small as eps.
func TestUpdateByHand(t *testing.T) {
	const lr, decay, beta2 = 0.5, 0.2, 0.75
	b := cpu.New()
	w := nn.Param{Name: "w", Value: ag.Param(engine.FromSlice(b, engine.Float64, []float64{3, -2}, 2))}
	var asked []string
	a := NewAdamW(b, []nn.Param{w}, beta2, func(name string, shape []int) (float64, float64) {
		asked = append(asked, fmt.Sprint(name, shape))
		return 0.5, decay
	})
	require.Equal(t, []string{"w[2]"}, asked)
	want, m, v := []float64{3, -2}, make([]float64, 2), make([]float64, 2)
	for step, gradients := range [][]float64{{20, 1e-8}, {-5, 3e-8}} {
		tape := ag.NewTape(b)
		loss := ag.Sum(ag.Mul(tape.Const(engine.FromSlice(b, engine.Float64, gradients, 2)), w.Value))
		tape.Backward(loss)
		a.Update(loss.Data(), lr, 0).Free()
		tape.Close()
		n := float64(step + 1)
		for i, g := range gradients {
			m[i], v[i] = 0.9*m[i]+0.1*g, beta2*v[i]+(1-beta2)*g*g
			mHat, vHat := m[i]/(1-math.Pow(0.9, n)), v[i]/(1-math.Pow(beta2, n))
			want[i] -= 0.5*lr*decay*want[i] + 0.5*lr*mHat/(math.Sqrt(vHat)+1e-8)
		}
		require.InDeltaSlice(t, want, values(t, w.Data()), 1e-6, "step %d", step)
	}
}

// Nothing of an optimizer stays but the parameters.
func TestFree(t *testing.T) {
	b := enginetest.NewDeferred(cpu.New(), 0) // whose figures are to the byte
	a, params, loss := dot(b, "second")
	steps(a, b, 2, loss)
	a.Free()
	require.Equal(t, 4*6, b.Stats().LiveBytes)
	require.Equal(t, []float64{3}, values(t, params[1].Data()))
}
