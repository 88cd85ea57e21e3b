// Package train turns losses into trained parameters: optimizer, learning-rate schedule, the loop, checkpoints and
// metrics. It knows neither models nor data.
//
// A seed fixes a run: whatever is random in a step is drawn from a stream named by seed, epoch and step (Stream), so
// a run that is killed and resumed has the bits of one that was not.
package train

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"math/rand/v2"

	ag "mien/autograd"
	"mien/engine"
)

// Loop is a training run over batches of type B.
type Loop[B any] struct {
	Backend   engine.Backend
	Optimizer *AdamW
	Schedule  Schedule
	Clip      float64 // largest norm of all gradients together; 0 is no clipping
	Recompute bool    // trade time for memory: see autograd.Tape
	Epochs    int
	Steps     int // of an epoch

	// Batches yields the Steps batches of an epoch in order. Their String names them in errors.
	Batches func(ctx context.Context, epoch int) iter.Seq2[B, error]
	// Loss builds the computation of one batch, up to a scalar.
	Loss func(t *ag.Tape, batch B) *ag.Value
	// OnStep hears of each step.
	OnStep func(s Step, batch B)
	// OnEpoch hears the end of each epoch: the place to evaluate and to save.
	OnEpoch func(ctx context.Context, epoch int) error
}

// Step is what one optimizer step did.
type Step struct {
	Epoch, Step int // from 0; Step counts within the epoch
	Loss        float64
	LR          float64
	GradNorm    float64 // of all gradients together, before clipping
}

// Run trains from epoch from to the last. It stops at the first error, when ctx ends, and before the update of a step whose loss
// or gradients are not finite.
func (l *Loop[B]) Run(ctx context.Context, from int) error {
	for epoch := from; epoch < l.Epochs; epoch++ {
		step := 0
		for batch, err := range l.Batches(ctx, epoch) {
			if err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			done, err := l.step(epoch, step, batch)
			if err != nil {
				return err
			}
			l.OnStep(done, batch)
			step++
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if step != l.Steps {
			return fmt.Errorf("epoch %d had %d steps, not %d", epoch, step, l.Steps)
		}
		if err := l.OnEpoch(ctx, epoch); err != nil {
			return err
		}
	}
	return nil
}

// step is forward, backward and update. What is not finite stops it before anything is updated, so that the parameters survive.
func (l *Loop[B]) step(epoch, step int, batch B) (Step, error) {
	done := Step{Epoch: epoch, Step: step, LR: l.Schedule(epoch*l.Steps + step)}
	t := ag.NewTape(l.Backend)
	t.Recompute = l.Recompute
	defer t.Close()
	loss := l.Loss(t, batch)
	value, err := engine.Read[float64](loss.Data())
	if err != nil {
		return done, err
	}
	done.Loss = value[0]
	if !finite(done.Loss) {
		return done, diverged("loss", done.Loss, done, batch)
	}
	t.Backward(loss)
	done.GradNorm, err = l.Optimizer.Update(done.LR, l.Clip)
	if err == nil && !finite(done.GradNorm) {
		err = diverged("norm of the gradients", done.GradNorm, done, batch)
	}
	return done, err
}

func diverged(what string, value float64, s Step, batch any) error {
	return fmt.Errorf("%s is %v in epoch %d, step %d (%v, learning rate %.3g): lower the learning rate or clip gradients",
		what, value, s.Epoch, s.Step, batch, s.LR)
}

// Stream returns the random stream of a purpose and a place in the run.
func Stream(seed uint64, purpose string, place ...int) *rand.Rand {
	h := fnv.New64a()
	io.WriteString(h, purpose)
	for _, p := range place {
		binary.Write(h, binary.LittleEndian, int64(p))
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
