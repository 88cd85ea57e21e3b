package data

import (
	"context"
	"fmt"
	"iter"
	"sync"
)

// Ordered produces items 0 … n−1 with a pool of workers and yields them in order. At most ahead items (at least one) are in
// progress or buffered beyond the one that the consumer gets next. An item's error, which a panic in produce also becomes, is
// yielded in the item's place; the consumer decides whether to go on. When ctx ends, its error is yielded last. When the loop
// exits, the ctx of produce is cancelled and all workers have ended before the next statement runs.
func Ordered[T any](ctx context.Context, n, workers, ahead int, produce func(ctx context.Context, i int) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		// Items in progress form a sliding window; item i uses slot i modulo the window's length. An item is started when the
		// previous one in its slot has been consumed, so that no worker ever blocks on a full slot.
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

// guarded calls produce and turns a panic, which in a goroutine would end the whole program, into an error.
func guarded[T any](ctx context.Context, i int, produce func(context.Context, int) (T, error)) (r result[T]) {
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("item %d: panic: %v", i, p)
		}
	}()
	r.item, r.err = produce(ctx, i)
	return r
}
