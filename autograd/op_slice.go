package autograd

import (
	"fmt"

	"mien/engine"
)

// Slice returns positions from ≤ i < to of an axis.
//
// dx = dy at those positions, 0 elsewhere
func Slice(x *Value, axis, from, to int) *Value {
	o := begin("Slice", x)
	shape := x.Shape()
	if from < 0 || to > shape[axis] || from > to {
		panic(&engine.ShapeError{Op: "Slice", Got: fmt.Sprintf("%d:%d", from, to), Want: fmt.Sprintf("within axis %d of %v", axis, shape)})
	}
	shape[axis] = to - from
	out := o.new(shape...)
	o.copyAlong(axis, out, 0, x.data, from, false)
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateInto("Slice", func(dst *engine.Tensor, accumulate bool) {
			if !accumulate {
				o.be.Fill(dst, 0)
			}
			o.copyAlong(axis, dst, from, dy, 0, accumulate)
		})
	})
}
