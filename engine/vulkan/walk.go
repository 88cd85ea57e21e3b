//go:build vulkan

package vulkan

import "slices"

// walk is how a contiguous tensor and operands that lie in another order are walked together. Axes that all of them walk in one stride are
// merged: each axis of the walk costs a thread a division.
type walk struct {
	extents []int
	strides [][]int // of each operand, along each axis
}

// newWalk walks a tensor of a shape and operands with these strides along its axes.
func newWalk(shape []int, strides ...[]int) walk {
	w := walk{strides: make([][]int, len(strides))}
	for axis, extent := range shape {
		switch last := len(w.extents) - 1; {
		case extent == 1:
		case last >= 0 && w.merges(last, extent, axis, strides):
			w.extents[last] *= extent
			for i := range strides {
				w.strides[i][last] = strides[i][axis]
			}
		default:
			w.extents = append(w.extents, extent)
			for i := range strides {
				w.strides[i] = append(w.strides[i], strides[i][axis])
			}
		}
	}
	return w
}

// merges tells whether a step along the last axis of the walk is a whole round of the next one, for all operands.
func (w *walk) merges(last, extent, axis int, strides [][]int) bool {
	for i := range strides {
		if w.strides[i][last] != strides[i][axis]*extent {
			return false
		}
	}
	return true
}

// rank is the number of axes, at least 1.
func (w *walk) rank() int { return max(1, len(w.extents)) }

// padded returns numbers of the axes as a shader's array has them. It panics if there are more.
func padded(op string, axes []int, n int) []int {
	if len(axes) > n {
		panic(unsupported(op, axes))
	}
	return append(slices.Clone(axes), make([]int, n-len(axes))...)
}
