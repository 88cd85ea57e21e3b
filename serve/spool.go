package serve

import (
	"io"
	"os"
	"sync"
)

// spool is a file that one goroutine writes and others read meanwhile. Its bytes are taken from a budget.
type spool struct {
	file *os.File
	of   *lease

	mu    sync.Mutex
	size  int64
	grown chan struct{} // closed when there is more, or an end
	ended bool
}

func newSpool(path string, of *lease) (*spool, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	return &spool{file: file, of: of, grown: make(chan struct{})}, err
}

// Write adds all of p or nothing that a reader sees.
func (s *spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.of.grow(int64(len(p))) {
		return 0, unavailable("disk", "there is no more room for results")
	}
	n, err := s.file.WriteAt(p, s.size)
	if err == nil {
		s.size += int64(n)
		s.wake()
	}
	return n, err
}

// end says that no more comes.
func (s *spool) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.wake()
}

func (s *spool) wake() {
	close(s.grown)
	s.grown = make(chan struct{})
}

// length returns how much there is, whether that is all, and what is closed when there is more.
func (s *spool) length() (size int64, ended bool, grown <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size, s.ended, s.grown
}

// part returns the bytes from one place to another.
func (s *spool) part(from, to int64) io.Reader { return io.NewSectionReader(s.file, from, to-from) }

// all returns what there is.
func (s *spool) all() io.Reader {
	size, _, _ := s.length()
	return s.part(0, size)
}
