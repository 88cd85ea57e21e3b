package kernel

import "sync"

// FreeList reuses working memory, one piece for each concurrent call. A sync.Pool would drop it at garbage collections, and a steady
// training step would allocate megabytes again.
type FreeList[T any] struct {
	mu   sync.Mutex
	free []*T
}

// Get returns memory for exclusive use, with undefined contents.
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

// Put returns s to the list.
func (l *FreeList[T]) Put(s *T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, s)
}

// Room returns n elements of *buffer, which grows when it is too small.
func Room[T any](buffer *[]T, n int) []T {
	if len(*buffer) < n {
		*buffer = make([]T, n)
	}
	return (*buffer)[:n]
}
