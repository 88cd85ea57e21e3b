package autograd

import (
	"fmt"

	"mien/engine"
)

// LinearAddLast returns residual [B, s, out] with x·wᵀ + bias of x [B, n, in] added to the last n rows of each item, as LinearAdd does
// where others come first that pass by: class tokens before patches. All rows are multiplied, with zeros where x has none, as a few more
// cost less than copies of the residual without them.
//
// dresidual = dy, and of its last rows dx = dy·w, dw = dyᵀ·x, dbias = Σ dy
func LinearAddLast(x, w, bias, residual *Value) *Value {
	o := begin("LinearAddLast", x, w, bias, residual)
	o.checkPacked(w)
	items, rows, first := o.lastRows(x, residual)
	padded := o.temp(o.new(items, rows, x.Dim(2)))
	pad := func() {
		none := engine.Zeros(o.be, o.dtype, items, first, x.Dim(2))
		o.copyAlong(1, padded, 0, none, 0, false)
		o.copyAlong(1, padded, first, x.data, 0, false)
		none.Free()
	}
	pad()
	product := linearArgs(o.name, padded, w, bias)
	engine.CheckShape(o.name+" residual", residual.data, items, rows, product.N)
	product.Precision, product.Residual, product.C = o.precision(w), residual.data, o.new(items, rows, product.N)
	o.be.Gemm(product)
	width := rows * product.N
	o.be.Copy(engine.CopyArgs{Dst: product.C, DstStride: width, Src: residual.data, SrcStride: width, Block: first * product.N, Count: items})
	saved := append(savedFor(w.needs, x.data, padded), savedFor(x.needs, w.data)...)
	y := o.result(product.C, func(dy *engine.Tensor) {
		residual.accumulate(o.name, dy.Retain())
		x.accumulateInto(o.name, func(dst *engine.Tensor, accumulate bool) {
			all := o.new(padded.Shape()...)
			o.inputGrad(product, all, dy, false)
			o.copyAlong(1, dst, 0, all, first, accumulate)
			all.Free()
		})
		w.accumulateInto(o.name, func(dst *engine.Tensor, accumulate bool) { o.weightGrad(product, dst, dy, accumulate) })
		if bias != nil {
			bias.accumulateInto(o.name, func(dst *engine.Tensor, accumulate bool) { o.sumLast(dst, dy, first, accumulate) })
		}
	}, saved...)
	if w.needs {
		o.rematerialise(&Value{data: padded}, pad, x.data)
	}
	return y
}

// lastRows checks shapes and returns the items and rows of the residual, and how many of an item's rows come before those of x.
func (o op) lastRows(x, residual *Value) (items, rows, first int) {
	engine.CheckShape(o.name+" input", x.data, -1, -1, -1)
	engine.CheckShape(o.name+" residual", residual.data, x.Dim(0), -1, -1)
	if first = residual.Dim(1) - x.Dim(1); first < 0 {
		panic(&engine.ShapeError{Op: o.name, Got: fmt.Sprintf("%d rows", x.Dim(1)), Want: fmt.Sprintf("at most the residual's %d", residual.Dim(1))})
	}
	return x.Dim(0), residual.Dim(1), first
}

// sumLast sums the rows of dy [B, s, out] from first on over all items.
func (o op) sumLast(dst, dy *engine.Tensor, first int, accumulate bool) {
	sums := o.new(dy.Shape()[1:]...)
	o.be.SumTo(sums, dy, false)
	last := sums.Range(first, dy.Dim(1))
	o.be.SumTo(dst, last, accumulate)
	freeAll([]*engine.Tensor{last, sums})
}
