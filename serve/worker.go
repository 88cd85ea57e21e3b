package serve

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"mien/data"
	"mien/pipeline"
)

// One goroutine computes: backend, detector and model are not for several. What waits for it are pictures, which are gathered to batches
// across requests, and errands: chunks of videos, tensors, explanations. Batches and errands take turns.

// worker is that goroutine, and what waits for it.
type worker struct {
	analyzer analyzer
	batch    int // pictures at once
	metrics  *metrics
	bug      func(cause error) // what to do about a panic

	mu       sync.Mutex
	pictures []*picture
	errands  []*errand
	wake     chan struct{} // has something whenever something waits
	ended    chan struct{}
}

// picture is one that waits.
type picture struct {
	ctx    context.Context
	opt    pipeline.Options
	frames *data.Frames
	found  pipeline.Frame
	err    error
	done   chan struct{}
}

// errand is other work that waits.
type errand struct {
	ctx  context.Context
	do   func(analyzer) error
	err  error
	done chan struct{}
}

func newWorker(a analyzer, m *metrics, bug func(error)) *worker {
	return &worker{analyzer: a, batch: 8, metrics: m, bug: bug, wake: make(chan struct{}, 1), ended: make(chan struct{})}
}

// run computes until the context ends. All that waits must have its own context end by then.
func (w *worker) run(ctx context.Context) {
	defer close(w.ended)
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		for w.turn() && ctx.Err() == nil {
		}
	}
}

// turn carries out one batch and one errand, and tells whether there was anything to do.
func (w *worker) turn() bool {
	some, next := w.next()
	if len(some) > 0 {
		w.look(some)
	}
	if next != nil {
		next.err = w.safely(func() error { return next.do(w.analyzer) })
		close(next.done)
	}
	return len(some) > 0 || next != nil
}

// next takes what has waited longest: the pictures of one batch, which are looked at in one way, and an errand. Those of clients that have
// gone are dropped.
func (w *worker) next() (some []*picture, next *errand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pictures = slices.DeleteFunc(w.pictures, func(p *picture) bool { return p.ctx.Err() != nil })
	w.errands = slices.DeleteFunc(w.errands, func(e *errand) bool { return e.ctx.Err() != nil })
	w.pictures = slices.DeleteFunc(w.pictures, func(p *picture) bool {
		fits := len(some) == 0 || len(some) < w.batch && p.opt == some[0].opt
		if fits {
			some = append(some, p)
		}
		return fits
	})
	if len(w.errands) > 0 {
		next = w.errands[0]
		w.errands = slices.Delete(w.errands, 0, 1)
	}
	return some, next
}

// look analyses a batch. Where it fails, each picture is tried alone: one that is at fault costs the others nothing.
func (w *worker) look(some []*picture) {
	ctx, cancel := untilAllGone(some)
	defer cancel()
	if err := w.analyse(ctx, some); err != nil && len(some) > 1 {
		for _, p := range some {
			p.err = w.analyse(p.ctx, []*picture{p})
		}
	} else {
		for _, p := range some {
			p.err = err
		}
	}
	for _, p := range some {
		close(p.done)
	}
}

func (w *worker) analyse(ctx context.Context, some []*picture) error {
	frames := make([]*data.Frames, len(some))
	for i, p := range some {
		frames[i] = p.frames
	}
	return w.safely(func() error {
		began := time.Now()
		found, err := w.analyzer.Faces(ctx, some[0].opt, frames)
		if err != nil {
			return err
		}
		w.metrics.inference.observe(time.Since(began), "pictures")
		for i, p := range some {
			p.found = found[i]
		}
		return nil
	})
}

// untilAllGone returns a context that ends when nobody waits for any of the pictures.
func untilAllGone(some []*picture) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan struct{}, len(some))
	var stops []func() bool
	for _, p := range some {
		stops = append(stops, context.AfterFunc(p.ctx, func() {
			left <- struct{}{}
			if len(left) == cap(left) {
				cancel()
			}
		}))
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}

// safely turns a panic into an error, so that the next request has an answer.
func (w *worker) safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			w.bug(fmt.Errorf("%w\n%s", err, debug.Stack()))
		}
	}()
	return do()
}

// faces has a picture looked at, and waits for it.
func (w *worker) faces(ctx context.Context, opt pipeline.Options, frames *data.Frames) (pipeline.Frame, error) {
	p := &picture{ctx: ctx, opt: opt, frames: frames, done: make(chan struct{})}
	w.add(func() { w.pictures = append(w.pictures, p) })
	if err := w.wait(ctx, p.done); err != nil {
		return pipeline.Frame{}, err
	}
	return p.found, p.err
}

// do has an errand done, and waits for it. After an error of the context it may still be under way.
func (w *worker) do(ctx context.Context, stage string, errandDo func(analyzer) error) error {
	e := &errand{ctx: ctx, done: make(chan struct{}), do: func(a analyzer) error {
		began := time.Now()
		err := errandDo(a)
		w.metrics.inference.observe(time.Since(began), stage)
		return err
	}}
	w.add(func() { w.errands = append(w.errands, e) })
	if err := w.wait(ctx, e.done); err != nil {
		return err
	}
	return e.err
}

// ask has an errand done that has a result. Without the end of the errand there is none: it may still be under way.
func ask[T any](ctx context.Context, w *worker, stage string, errandDo func(analyzer) (T, error)) (T, error) {
	var result, none T
	err := w.do(ctx, stage, func(a analyzer) (err error) {
		result, err = errandDo(a)
		return err
	})
	if err != nil {
		return none, err
	}
	return result, nil
}

func (w *worker) add(enter func()) {
	w.mu.Lock()
	enter()
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// errEnded is what those hear who ask after the worker's end.
var errEnded = errors.New("the server has ended")

func (w *worker) wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.ended:
		return errEnded
	}
}

// waiting returns how much waits.
func (w *worker) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pictures) + len(w.errands)
}
