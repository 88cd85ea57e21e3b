package engine

import (
	"fmt"
	"slices"
)

// CheckShape panics with a *ShapeError unless t has the wanted shape; −1 matches any extent.
func CheckShape(op string, t *Tensor, want ...int) {
	if !slices.EqualFunc(t.shape, want, func(d, w int) bool { return w < 0 || w == d }) {
		panic(&ShapeError{Op: op, Got: t.Shape(), Want: slices.Clone(want)})
	}
}

// Elements returns the number of elements of a shape; the empty shape is a scalar.
func Elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// BroadcastShape returns the shape of an elementwise operation on a and b: shapes are aligned at the
// right, and an extent of 1 stretches.
func BroadcastShape(op string, a, b []int) []int {
	out := make([]int, max(len(a), len(b)))
	for i := range out {
		da, db := extent(a, len(out), i), extent(b, len(out), i)
		switch {
		case da == db, db == 1:
			out[i] = da
		case da == 1:
			out[i] = db
		default:
			panic(&ShapeError{Op: op, Got: b, Want: fmt.Sprintf("a shape that broadcasts with %v", a)})
		}
	}
	return out
}

// extent returns the extent of axis i of shape s after left-padding it with ones to rank n.
func extent(s []int, n, i int) int {
	if i -= n - len(s); i >= 0 {
		return s[i]
	}
	return 1
}

// BroadcastStrides returns the strides of an operand along the axes of shape, 0 where it is stretched.
func BroadcastStrides(shape, operand []int) []int {
	strides := make([]int, len(shape))
	stride := 1
	for i := len(shape) - 1; i >= 0; i-- {
		d := extent(operand, len(shape), i)
		if d != 1 {
			strides[i] = stride
		}
		stride *= d
	}
	return strides
}
