package asm

import "sync"

// gemmScratch is the working memory of one call: packed B, copied rows of A, and what the current tile adds.
type gemmScratch[F Float] struct {
	b, a []F
	add  Addends[F]
}

// room returns n elements of *buffer, which becomes as large as the largest block that it ever held.
func room[F Float](buffer *[]F, n int) []F {
	if len(*buffer) < n {
		*buffer = make([]F, n)
	}
	return (*buffer)[:n]
}

// scratchList lends working memory and keeps it, for as many calls as ever ran at once. A sync.Pool would lose it to the
// garbage collector every now and then, megabytes that a steady training step should not allocate again.
type scratchList[F Float] struct {
	mu   sync.Mutex
	free []*gemmScratch[F]
}

func (l *scratchList[F]) get() *gemmScratch[F] {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.free)
	if n == 0 {
		return new(gemmScratch[F])
	}
	s := l.free[n-1]
	l.free = l.free[:n-1]
	return s
}

func (l *scratchList[F]) put(s *gemmScratch[F]) {
	s.add = Addends[F]{} // keep nothing of the caller's alive
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, s)
}
