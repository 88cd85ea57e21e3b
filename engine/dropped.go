package engine

import (
	"runtime"
	"sync"
)

// Dropped lists buffers of tensors that nobody freed, as where a computation ended in the middle of an op. Go's garbage collector, which
// knows nothing of a backend's memory, says here what it collected, and the backend frees that when it allocates: between methods, when no
// address is in use.
type Dropped[B any] struct {
	mutex   sync.Mutex // cleanups run beside the program
	buffers []B
}

// Watch has d list b when its owner is collected, unless the cleanup is stopped before. b must not lead to the owner.
func Watch[T, B any](d *Dropped[B], owner *T, b B) runtime.Cleanup {
	return runtime.AddCleanup(owner, d.add, b)
}

func (d *Dropped[B]) add(b B) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.buffers = append(d.buffers, b)
}

// Take returns what was dropped since the last call.
func (d *Dropped[B]) Take() (buffers []B) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	buffers, d.buffers = d.buffers, nil
	return buffers
}
