package engine

import "time"

// Profiler is a Backend that can tell how long its kernels took.
type Profiler interface {
	// StartProfile forgets earlier times and notes those of all kernels from here on.
	StartProfile() error
	// Profile waits for all work and returns the times since StartProfile, the longest first.
	Profile() ([]KernelTime, error)
}

// KernelTime is what a profile says about all calls of one kernel.
type KernelTime struct {
	Name  string
	Calls int
	Time  time.Duration
	FLOPs float64 // of products, 0 of other kernels
	Bytes float64 // of the tensors that were read and written
}
