package asm

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"mien/asm/internal/kernel"
)

// implementations are the float32 kernels that this CPU can run, best first.
var implementations = detect()

// active is chosen at package initialisation, by a variable and not by init functions, whose order depends on file names.
var active, activeErr = choose(os.Getenv("MIEN_KERNELS"))

var float64Kernels = reference[float64]()

// detect builds what the CPU can run.
func detect() (found []*Kernels[float32]) {
	for _, set := range kernel.Supported() {
		found = append(found, newKernels(set))
	}
	return found
}

// choose returns the implementation of that name, the best one for an empty name. An unknown or unsupported name is
// an error, returned with the best implementation.
func choose(name string) (*atomic.Pointer[Kernels[float32]], error) {
	p := new(atomic.Pointer[Kernels[float32]])
	p.Store(implementations[0])
	if name == "" {
		return p, nil
	}
	k, err := find(name)
	if err != nil {
		return p, fmt.Errorf("MIEN_KERNELS: %w", err)
	}
	p.Store(k)
	return p, nil
}

func find(name string) (*Kernels[float32], error) {
	var names []string
	for _, k := range implementations {
		names = append(names, k.Name)
	}
	if i := slices.Index(names, name); i >= 0 {
		return implementations[i], nil
	}
	return nil, fmt.Errorf("no kernels %q on this machine: choose %s", name, strings.Join(names, ", "))
}

// F32 returns the active float32 kernels.
func F32() *Kernels[float32] { return active.Load() }

// F64 returns the float64 kernels, which are always plain Go.
func F64() *Kernels[float64] { return float64Kernels }

// ActiveErr returns the error in MIEN_KERNELS, or nil.
func ActiveErr() error { return activeErr }

// Implementations returns the float32 kernels that this CPU can run, best first and generic last.
func Implementations() []*Kernels[float32] { return slices.Clone(implementations) }

// Use makes the named kernels active and returns a function that restores the previous ones. It is for tests and
// benchmarks: no kernel may be running.
func Use(name string) (restore func(), err error) {
	k, err := find(name)
	if err != nil {
		return nil, err
	}
	before := active.Swap(k)
	return func() { active.Store(before) }, nil
}
