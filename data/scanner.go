package data

import (
	"bufio"
	"io"
)

// scanner walks through the structure of a file. It keeps the first error, after which it reads zeros.
type scanner struct {
	r   *bufio.Reader
	err error
}

// next returns the next n bytes.
func (s *scanner) next(n int) []byte {
	b := make([]byte, n)
	if s.err == nil {
		_, s.err = io.ReadFull(s.r, b)
	}
	return b
}

func (s *scanner) skip(n int) {
	if s.err == nil {
		_, s.err = s.r.Discard(n)
	}
}
