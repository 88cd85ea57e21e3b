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
	part := axisCopy(x.Shape(), axis, from, to-from)
	shape[axis] = to - from
	out := o.new(shape...)
	o.be.Copy(reversed(part, out, x.data, false))
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateInto("Slice", func(dst *engine.Tensor, accumulate bool) {
			if !accumulate {
				o.be.Fill(dst, 0)
			}
			g := part
			g.Dst, g.Src, g.Accumulate = dst, dy, true
			o.be.Copy(g)
		})
	})
}
