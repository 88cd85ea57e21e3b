//go:build !linux

package serve

// residentBytes is not known here.
func residentBytes() float64 { return 0 }
