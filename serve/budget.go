package serve

import (
	"context"
	"sync"
)

// budget is something that there is only so much of: bytes of memory or disk, pixels, places.
type budget struct {
	mu      sync.Mutex
	left    int64
	most    int64
	changed chan struct{} // closed when some is given back
}

func newBudget(most int64) *budget {
	return &budget{left: most, most: most, changed: make(chan struct{})}
}

// try takes n and tells whether there was so much.
func (b *budget) try(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

// take waits until there is n, or the context ends. n must not be more than there ever is.
func (b *budget) take(ctx context.Context, n int64) error {
	for {
		b.mu.Lock()
		if n <= b.left {
			b.left -= n
			b.mu.Unlock()
			return nil
		}
		changed := b.changed
		b.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// give gives n back.
func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
	close(b.changed)
	b.changed = make(chan struct{})
}

// used returns how much is taken.
func (b *budget) used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.most - b.left
}

// lease is what one request has taken of a budget.
type lease struct {
	of *budget
	n  int64
}

// grow takes n more, if there is as much.
func (l *lease) grow(n int64) bool {
	if !l.of.try(n) {
		return false
	}
	l.n += n
	return true
}

// release gives all of it back.
func (l *lease) release() {
	if l.n > 0 {
		l.of.give(l.n)
		l.n = 0
	}
}
