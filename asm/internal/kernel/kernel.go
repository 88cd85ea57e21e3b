// Package kernel holds what all families of kernels need: element types, the names of the instruction sets and which of them
// this CPU has, the arithmetic of blocks, and working memory.
package kernel

// Float is the element type of a kernel.
type Float interface{ float32 | float64 }

// CeilDiv returns how many blocks of b hold a.
func CeilDiv(a, b int) int { return (a + b - 1) / b }

// RoundUp returns the next multiple of grain from n on.
func RoundUp(n, grain int) int { return CeilDiv(n, grain) * grain }

// Tail returns x[from:], or nil if x is nil.
func Tail[T any](x []T, from int) []T {
	if x == nil {
		return nil
	}
	return x[from:]
}

// Next returns the n elements of x that follow the first n, or as many of them as there are.
func Next[T any](x []T, n int) []T {
	x = x[min(n, len(x)):]
	return x[:min(n, len(x))]
}

// MaxElements is how many elements one call of assembly takes at most: it cannot be preempted, so a call is limited to some tens of
// microseconds.
const MaxElements = 1 << 16

// InRounds runs n ≥ 1 rounds of a loop on registers, in calls of some tens of microseconds, and returns n.
func InRounds(n int, loop func(n int)) float64 {
	const most = 1 << 14
	for left := n; left > 0; left -= most {
		loop(min(left, most))
	}
	return float64(n)
}

// Skew is how many elements of padding follow each row of working memory: rows a power of two apart would compete for the same few
// cache sets.
const Skew = 16
