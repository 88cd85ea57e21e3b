package asm

import "sync"

// gemmScratch is the working memory of one call: packed B and copied rows of A, each made when it is first needed.
type gemmScratch[F Float] struct{ b, a []F }

// forB returns room for a block of B of the given number of columns at most.
func (s *gemmScratch[F]) forB(bl blocking, columns int) []F {
	if n := bl.kc * columns; len(s.b) < n {
		s.b = make([]F, n)
	}
	return s.b
}

// forA returns room for mc rows of A.
func (s *gemmScratch[F]) forA(bl blocking) []F {
	if s.a == nil {
		s.a = make([]F, bl.mc*(bl.kc+skew))
	}
	return s.a
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
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, s)
}
