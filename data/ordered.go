package data

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

// Ordered makes items 0 … n−1 with the given number of goroutines and yields them in order. At most ahead items
// (at least one) are under way or waiting beyond the one that the consumer is to get next. An item's error, which a
// panic in make also becomes, is yielded in the item's place; the consumer decides whether to go on. When ctx ends,
// its error is yielded last. When the loop is left, the ctx of produce is cancelled and its goroutines have ended before the
// loop's next statement runs.
func Ordered[T any](ctx context.Context, n, workers, ahead int, produce func(ctx context.Context, i int) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		inner, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()

		queue := startOrdered(inner, &wg, n, max(workers, 1), max(ahead, 1), produce)
		for range n {
			r, ok := next(ctx, queue)
			if !ok {
				var none T
				yield(none, ctx.Err())
				return
			}
			if !yield(r.item, r.err) {
				return
			}
		}
	}
}

type result[T any] struct {
	item T
	err  error
}

type job[T any] struct {
	i    int
	done chan result[T] // holds one result, so that a worker never waits for the consumer
}

// startOrdered starts the workers and one goroutine that deals the jobs. The returned queue has the jobs' result
// channels in order; its capacity is what limits the look-ahead.
func startOrdered[T any](ctx context.Context, wg *sync.WaitGroup, n, workers, ahead int,
	produce func(context.Context, int) (T, error)) <-chan chan result[T] {
	queue := make(chan chan result[T], ahead)
	jobs := make(chan job[T])
	for range min(workers, n) {
		wg.Go(func() {
			for j := range jobs {
				j.done <- guarded(ctx, j.i, produce)
			}
		})
	}
	wg.Go(func() {
		defer close(jobs)
		for i := range n {
			j := job[T]{i, make(chan result[T], 1)}
			select {
			case queue <- j.done:
			case <-ctx.Done():
				return
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return
			}
		}
	})
	return queue
}

// next waits for the queue's next result; false when ctx ended first.
func next[T any](ctx context.Context, queue <-chan chan result[T]) (r result[T], ok bool) {
	if ctx.Err() != nil {
		return r, false
	}
	select {
	case done := <-queue:
		select {
		case r = <-done:
			return r, true
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	return r, false
}

// guarded calls produce and turns a panic, which would end the whole program from a goroutine, into an error.
func guarded[T any](ctx context.Context, i int, produce func(context.Context, int) (T, error)) (r result[T]) {
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("item %d: panic: %v", i, p)
		}
	}()
	r.item, r.err = produce(ctx, i)
	return r
}
