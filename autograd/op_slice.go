package autograd

import (
	"fmt"

	"mien/engine"
)

// Slice returns positions from ≤ i < to of an axis. Where they follow one another in memory nothing is copied, and as long as the result is
// held, all of x is.
//
// dx = dy at those positions, 0 elsewhere
func Slice(x *Value, axis, from, to int) *Value {
	o := begin("Slice", x)
	shape := x.Shape()
	if from < 0 || to > shape[axis] || from > to {
		panic(&engine.ShapeError{Op: "Slice", Got: fmt.Sprintf("%d:%d", from, to), Want: fmt.Sprintf("within axis %d of %v", axis, shape)})
	}
	if o.dtype == engine.BFloat16 {
		panic(&engine.ShapeError{Op: "Slice", Got: x.data, Want: "a dtype that ops but those of products compute with"})
	}
	shape[axis] = to - from
	return o.result(o.part(x.data, axis, from, shape), func(dy *engine.Tensor) {
		x.accumulateInto("Slice", func(dst *engine.Tensor, accumulate bool) {
			if !accumulate {
				o.be.Fill(dst, 0)
			}
			o.copyAlong(axis, dst, from, dy, 0, accumulate)
		})
	})
}

// part returns positions of x from one of an axis on, as many as shape has there.
func (o op) part(x *engine.Tensor, axis, from int, shape []int) *engine.Tensor {
	before := x.Extents()[:axis]
	if engine.Elements(before) == 1 {
		rows := x.View(x.Extents()[axis:]...)
		defer rows.Free()
		some := rows.Range(from, from+shape[axis])
		defer some.Free()
		return some.View(shape...)
	}
	out := o.new(shape...)
	o.copyAlong(axis, out, 0, x, from, false)
	return out
}
