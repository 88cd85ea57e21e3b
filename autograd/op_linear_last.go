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
	engine.CheckShape(o.name+" residual", residual.data, x.Dim(0), -1, w.Dim(0))
	return o.linearLast(x, w, bias, residual, residual.Dim(1))
}

// LinearLast returns [B, rows, out] with x·wᵀ + bias of x [B, n, in] as the last n rows of each item, and zeros before them: what is to be
// added to tokens of which the first are to pass by.
//
// With dy the last n rows of the gradient that comes back: dx = dy·w, dw = dyᵀ·x, dbias = Σ dy
func LinearLast(x, w, bias *Value, rows int) *Value {
	return begin("LinearLast", x, w, bias).linearLast(x, w, bias, nil, rows)
}

// linearLast adds to a residual, or to zeros.
func (o op) linearLast(x, w, bias, residual *Value, rows int) *Value {
	o.checkPacked(w)
	items, first := o.lastRows(x, rows)
	padded := o.temp(o.new(items, rows, x.Dim(2)))
	pad := func() {
		o.clearFirst(padded, first)
		o.copyAlong(1, padded, first, x.data, 0, false)
	}
	pad()
	product := linearArgs(o.name, padded, w, bias)
	product.Precision, product.C = o.precision(w), o.new(items, rows, product.N)
	if residual != nil {
		product.Residual = residual.data
	}
	o.be.Gemm(product)
	if width := rows * product.N; residual != nil {
		o.be.Copy(engine.CopyArgs{Dst: product.C, DstStride: width, Src: residual.data, SrcStride: width, Block: first * product.N, Count: items})
	} else {
		o.clearFirst(product.C, first)
	}
	saved := append(savedFor(w.needs, x.data, padded), savedFor(x.needs, w.data)...)
	y := o.result(product.C, func(dy *engine.Tensor) {
		if residual != nil {
			residual.accumulate(o.name, dy.Retain())
		}
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

// clearFirst sets so many rows of each item of t [B, rows, width] to 0.
func (o op) clearFirst(t *engine.Tensor, first int) {
	none := engine.Zeros(o.be, o.dtype, first, t.Dim(2))
	o.be.Copy(engine.CopyArgs{Dst: t, DstStride: t.Dim(1) * t.Dim(2), Src: none, Block: none.Len(), Count: t.Dim(0)})
	none.Free()
}

// lastRows checks x [B, n, in] and returns the items, and how many of so many rows of an item come before those of x.
func (o op) lastRows(x *Value, rows int) (items, first int) {
	engine.CheckShape(o.name+" input", x.data, -1, -1, -1)
	if first = rows - x.Dim(1); first < 0 {
		panic(&engine.ShapeError{Op: o.name, Got: fmt.Sprintf("%d rows", x.Dim(1)), Want: fmt.Sprintf("at most %d", rows)})
	}
	return x.Dim(0), first
}

// sumLast sums the rows of dy [B, s, out] from first on over all items.
func (o op) sumLast(dst, dy *engine.Tensor, first int, accumulate bool) {
	sums := o.new(dy.Shape()[1:]...)
	o.be.SumTo(sums, dy, false)
	last := sums.Range(first, dy.Dim(1))
	o.be.SumTo(dst, last, accumulate)
	freeAll([]*engine.Tensor{last, sums})
}
