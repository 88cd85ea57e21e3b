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
	eachPart := func(do func(x *Value, at int)) {
		at := 0
		for _, x := range xs {
			do(x, at)
			at += x.Dim(axis)
		}
	}
	eachPart(func(x *Value, at int) { o.copyAlong(axis, out, at, x.data, 0, false) })
	return o.result(out, func(dy *engine.Tensor) {
		eachPart(func(x *Value, at int) {
			x.accumulateInto("Concat", func(dst *engine.Tensor, accumulate bool) {
				o.copyAlong(axis, dst, 0, dy, at, accumulate)
			})
		})
	})
}

// copyAlong copies positions from… of src along an axis to positions to… of dst, as many as the smaller has there.
func (o op) copyAlong(axis int, dst *engine.Tensor, to int, src *engine.Tensor, from int, accumulate bool) {
	shape := dst.Extents()
	inner := engine.Elements(shape[axis+1:])
	dstStride, srcStride := dst.Dim(axis)*inner, src.Dim(axis)*inner
	o.be.Copy(engine.CopyArgs{
		Dst: dst, DstOffset: to * inner, DstStride: dstStride,
		Src: src, SrcOffset: from * inner, SrcStride: srcStride,
		Block: min(dstStride, srcStride), Count: engine.Elements(shape[:axis]), Accumulate: accumulate,
	})
}
