// Package train turns losses into trained parameters: optimizer, learning-rate schedule, the loop and checkpoints. It depends
// on neither models nor data.
//
// The training step is [Loop.learn], forward and backward, and then [AdamW.Update]; neither waits for the backend. The loop reads the
// figures of a step while the next one is running. Go on with adamw.go.
package train

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	ag "mien/autograd"
	"mien/engine"
)

// Loop is a training run over batches of type B.
type Loop[B any] struct {
	Backend   engine.Backend
	Optimizer *AdamW
	Schedule  func(step int) float64 // learning rate of a step, counted from 0 over the whole run
	Clip      float64                // largest joint norm of all gradients; 0 is no clipping
	Precision engine.Precision       // of products with weights, and of activations; parameters, their gradients and sums stay float32
	Recompute bool                   // rematerialise layers, trading time for memory: see autograd.Tape
	Epochs    int
	Steps     int // per epoch
	Parts     int // of a step, whose gradients are averaged; 0 is one

	// Batches yields the Steps batches of an epoch in order, or Steps·Parts of them. Their String method names them in errors.
	Batches func(ctx context.Context, epoch int) iter.Seq2[B, error]
	// Loss builds the computation of one batch, up to a scalar.
	Loss func(t *ag.Tape, batch B) *ag.Value
	// AfterStep, if not nil, is called after each update is submitted, which the backend may not have computed yet, with the last part.
	AfterStep func(batch B)
	// OnStep is called for each step with its last part, one step late.
	OnStep func(s Step, batch B) error
	// OnEpoch is called at the end of each epoch, to evaluate and to save.
	OnEpoch func(ctx context.Context, epoch int) error
}

// Step is what one optimizer step did.
type Step struct {
	Epoch, Step int // from 0; Step counts within the epoch
	Loss        float64
	LR          float64
	GradNorm    float64       // of all gradients together, before clipping
	Took        time.Duration // since the step before
	Waited      time.Duration // of that, for batches that were not loaded yet
}

// Run trains from epoch from to the last. It stops at the first error, when ctx is cancelled, and after a step whose loss or
// gradients are not finite; neither that step nor any after it has changed a parameter.
func (l *Loop[B]) Run(ctx context.Context, from int) (err error) {
	defer engine.Catch(&err)
	for epoch := from; epoch < l.Epochs; epoch++ {
		if err := l.epoch(ctx, epoch); err != nil {
			return err
		}
		if err := l.OnEpoch(ctx, epoch); err != nil {
			return err
		}
	}
	return nil
}

// pending is a submitted step whose figures have not been read.
type pending[B any] struct {
	Step
	batch   B
	figures *engine.Tensor // nil if there is no such step
}

// epoch runs the steps of an epoch, and reads the figures of each while the next one is running.
func (l *Loop[B]) epoch(ctx context.Context, epoch int) error {
	step, part := 0, 0
	var last pending[B]
	var loss *engine.Tensor // of the parts of the step so far
	defer func() {
		last.figures.Free()
		loss.Free()
	}()
	var waited time.Duration // for the parts of the next step
	began := time.Now()
	for batch, err := range timed(l.Batches(ctx, epoch), &waited) {
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		sum := l.learn(batch, loss)
		loss.Free()
		loss = sum
		if part++; part < l.Parts {
			continue
		}
		next := pending[B]{Step: Step{Epoch: epoch, Step: step, LR: l.Schedule(epoch*l.Steps + step), Took: time.Since(began), Waited: waited}, batch: batch}
		began, waited = time.Now(), 0
		next.figures = l.Optimizer.Update(loss, next.LR, l.Clip)
		loss.Free()
		loss, part = nil, 0
		if l.AfterStep != nil {
			l.AfterStep(batch)
		}
		l.Backend.Flush()
		err = l.hear(&last)
		last = next
		if err != nil {
			return err
		}
		step++
	}
	if err := cmp.Or(l.hear(&last), ctx.Err()); err != nil {
		return err
	}
	if step != l.Steps {
		return fmt.Errorf("epoch %d had %d steps, not %d", epoch, step, l.Steps)
	}
	return nil
}

// timed yields what batches does, and adds to waited how long each takes to come.
func timed[B any](batches iter.Seq2[B, error], waited *time.Duration) iter.Seq2[B, error] {
	return func(yield func(B, error) bool) {
		asked := time.Now()
		for batch, err := range batches {
			*waited += time.Since(asked)
			if !yield(batch, err) {
				return
			}
			asked = time.Now()
		}
	}
}

// learn is forward and backward on a part of a step: gradients gather on the parameters. It returns the loss of the step so far, to which
// each part adds its share.
func (l *Loop[B]) learn(batch B, before *engine.Tensor) *engine.Tensor {
	t := ag.NewTape(l.Backend)
	t.Recompute, t.Precision = l.Recompute, l.Precision
	defer t.Close()
	loss := l.Loss(t, batch)
	if l.Parts > 1 {
		loss = ag.Scale(loss, 1/float64(l.Parts))
	}
	if before != nil {
		loss = ag.Add(loss, t.Const(before.Retain()))
	}
	t.Backward(loss)
	return loss.Data().Retain()
}

// hear waits for the figures of a step, reports them and frees them.
func (l *Loop[B]) hear(p *pending[B]) error {
	if p.figures == nil {
		return nil
	}
	f, err := engine.Read[float64](p.figures)
	p.figures.Free()
	p.figures = nil
	if err != nil {
		return err
	}
	s := p.Step
	s.Loss, s.GradNorm = f[engine.FigureLoss], f[engine.FigureNorm]
	if f[engine.FigureOK] == 1 {
		return l.OnStep(s, p.batch)
	}
	what, value := "norm of the gradients", s.GradNorm
	if math.IsNaN(s.Loss) || math.IsInf(s.Loss, 0) {
		what, value = "loss", s.Loss
	}
	return fmt.Errorf("%s is %v in epoch %d, step %d (%v, learning rate %.3g): lower the learning rate or clip gradients",
		what, value, s.Epoch+1, s.Step, p.batch, s.LR)
}
