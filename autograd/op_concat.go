package autograd

import "mien/engine"

// Concat joins values along an axis; the other axes agree.
//
// dxᵢ = the part of dy that came from xᵢ
func Concat(axis int, xs ...*Value) *Value {
	o := begin("Concat", xs...)
	shape := xs[0].Shape()
	shape[axis] = 0
	for _, x := range xs {
		want := xs[0].Shape()
		want[axis] = -1
		engine.CheckShape("Concat", x.data, want...)
		shape[axis] += x.Dim(axis)
	}
	out := o.new(shape...)
	offset := 0
	parts := make([]engine.CopyArgs, len(xs)) // from operand to result
	for i, x := range xs {
		parts[i] = axisCopy(shape, axis, offset, x.Dim(axis))
		offset += x.Dim(axis)
		forward := parts[i]
		forward.Dst, forward.Src = out, x.data
		o.be.Copy(forward)
	}
	return o.result(out, func(dy *engine.Tensor) {
		for i, x := range xs {
			x.accumulateInto("Concat", func(dst *engine.Tensor, accumulate bool) {
				o.be.Copy(reversed(parts[i], dst, dy, accumulate))
			})
		}
	})
}

// axisCopy describes the copy of a tensor with extent n along axis to positions offset… of a tensor of the given shape.
func axisCopy(shape []int, axis, offset, n int) engine.CopyArgs {
	inner := engine.Elements(shape[axis+1:])
	return engine.CopyArgs{
		DstOffset: offset * inner, DstStride: shape[axis] * inner,
		SrcStride: n * inner, Block: n * inner, Count: engine.Elements(shape[:axis]),
	}
}

// reversed returns the copy in the other direction.
func reversed(a engine.CopyArgs, dst, src *engine.Tensor, accumulate bool) engine.CopyArgs {
	return engine.CopyArgs{Dst: dst, Src: src,
		DstOffset: a.SrcOffset, DstStride: a.SrcStride, SrcOffset: a.DstOffset, SrcStride: a.DstStride,
		Block: a.Block, Count: a.Count, Accumulate: accumulate}
}
