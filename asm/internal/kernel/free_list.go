package kernel

import "sync"

// FreeList lends working memory and keeps it, for as many calls as ever ran at once. A sync.Pool would lose it to the garbage
// collector every now and then, megabytes that a steady training step should not allocate again.
type FreeList[T any] struct {
	mu   sync.Mutex
	free []*T
}

// Get returns memory that nobody else has, with undefined contents.
func (l *FreeList[T]) Get() *T {
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

// Put takes it back.
func (l *FreeList[T]) Put(s *T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, s)
}

// Room returns n elements of *buffer, which becomes as large as the largest block that it ever held.
func Room[T any](buffer *[]T, n int) []T {
	if len(*buffer) < n {
		*buffer = make([]T, n)
	}
	return (*buffer)[:n]
}
