package asm

import "sync"

// freeList lends working memory and keeps it, for as many calls as ever ran at once. A sync.Pool would lose it to the garbage
// collector every now and then, megabytes that a steady training step should not allocate again.
type freeList[T any] struct {
	mu   sync.Mutex
	free []*T
}

func (l *freeList[T]) get() *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.free)
	if n == 0 {
		return new(T)
	}
	s := l.free[n-1]
	l.free = l.free[:n-1]
	return s
}

func (l *freeList[T]) put(s *T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, s)
}

// room returns n elements of *buffer, which becomes as large as the largest block that it ever held.
func room[T any](buffer *[]T, n int) []T {
	if len(*buffer) < n {
		*buffer = make([]T, n)
	}
	return (*buffer)[:n]
}
