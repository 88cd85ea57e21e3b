// Package kerneltest holds what the tests of all families of kernels share: test values, slices between guard words and at the
// ends of pages, and tolerances.
package kerneltest

import "testing"

// Guard stands before and after every slice of an [Arena].
const Guard = 12345.678

// Arena allocates guarded slices at odd offsets.
type Arena struct {
	T      *testing.T
	guards [][]float32
}

// Slice copies values to memory that is offset elements away from where an allocation begins, between guard words.
func (a *Arena) Slice(values []float64, offset int) []float32 {
	n := len(values)
	whole := make([]float32, 8+offset+n+8)
	for i := range whole {
		whole[i] = Guard
	}
	s := whole[8+offset : 8+offset+n : 8+offset+n]
	for i, v := range values {
		s[i] = float32(v)
	}
	a.guards = append(a.guards, whole[:8+offset], whole[8+offset+n:])
	return s
}

// Check fails the test when a guard word has changed.
func (a *Arena) Check() {
	a.T.Helper()
	for _, g := range a.guards {
		for _, v := range g {
			if v != Guard {
				a.T.Fatal("a guard word beside a slice was overwritten")
			}
		}
	}
}
