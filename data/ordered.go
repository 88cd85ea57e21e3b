package data

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

// Ordered makes items 0 … n−1 with the given number of goroutines and yields them in order. At most ahead items
// (at least one) are under way or waiting beyond the one that the consumer is to get next. An item's error, which a
// panic in produce also becomes, is yielded in the item's place; the consumer decides whether to go on. When ctx ends,
// its error is yielded last. When the loop is left, the ctx of produce is cancelled and its goroutines have ended before the
// loop's next statement runs.
func Ordered[T any](ctx context.Context, n, workers, ahead int, produce func(ctx context.Context, i int) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		// A window of items slides over all of them, and item i of it has slot i modulo the window's length. An item is
		// dealt when the one before it in its slot has been consumed, so that no goroutine ever waits for room.
		slots := make([]chan result[T], max(ahead, 1)+1)
		for i := range slots {
			slots[i] = make(chan result[T], 1)
		}
		jobs := make(chan int, len(slots))
		inner, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer close(jobs)
		defer cancel()
		for range min(max(workers, 1), n) {
			wg.Go(func() {
				for i := range jobs {
					if inner.Err() != nil {
						return
					}
					slots[i%len(slots)] <- guarded(inner, i, produce)
				}
			})
		}
		dealt := 0
		for i := range n {
			for ; dealt < min(i+len(slots), n); dealt++ {
				jobs <- dealt
			}
			var r result[T]
			select {
			case r = <-slots[i%len(slots)]:
			case <-ctx.Done():
			}
			if ctx.Err() != nil {
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
