package data

import (
	"bufio"
	"io"
	"slices"
)

// scanner walks through the structure of a file. It keeps the first error, after which it reads zeros.
type scanner struct {
	r   *bufio.Reader
	buf []byte
	err error
}

// next returns the next n bytes, valid until the next call.
func (s *scanner) next(n int) []byte {
	s.buf = slices.Grow(s.buf[:0], n)[:n]
	clear(s.buf)
	if s.err == nil {
		_, s.err = io.ReadFull(s.r, s.buf)
	}
	return s.buf
}

func (s *scanner) skip(n int) {
	if s.err == nil {
		_, s.err = s.r.Discard(n)
	}
}
