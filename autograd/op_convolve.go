package autograd

import (
	"fmt"
	"slices"

	"mien/engine"
)

// Convolve moves a kernel over activations x [B, T, H, W, C]: each site of the result [B, T′, H′, W′, O] is w·(what it sees of x) + bias
// for w [O, taps·C], whose trailing axes may be those of the kernel, [O, kT, kH, kW, C], and bias [O], which may be nil. It is a
// product with columns, a row of what each site sees, which are made for some samples at a time and never kept; for few channels O see
// multiplyFirst.
//
// dx = Fold(dy·w), dw = dyᵀ·Unfold(x), dbias = Σ dy over sites
func Convolve(x, w, bias *Value, window engine.Window) *Value {
	o := begin("Convolve", x, w, bias)
	shape := append(o.sites(x, window), w.Dim(0))
	if window.Pointwise() {
		return Linear(x, w, bias)
	}
	o.checkPacked(w)
	c := convolution{o, w, bias, window}
	if c.toFew(x) {
		return c.multiplyFirst(x, shape)
	}
	out := o.new(shape...)
	c.inParts(x.data, out, func(x, columns *engine.Tensor, product engine.GemmArgs) {
		o.be.Unfold(columns, x, window)
		o.be.Gemm(product)
	})
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateInto("Convolve", func(dst *engine.Tensor, accumulate bool) {
			c.inParts(dst, dy, func(dx, columns *engine.Tensor, product engine.GemmArgs) {
				o.inputGrad(product, columns, product.C, false)
				o.be.Fold(dx, columns, window, accumulate)
			})
		})
		w.accumulateInto("Convolve", func(dst *engine.Tensor, accumulate bool) {
			c.inParts(x.data, dy, func(x, columns *engine.Tensor, product engine.GemmArgs) {
				o.be.Unfold(columns, x, window)
				o.weightGrad(product, dst, product.C, accumulate)
				accumulate = true
			})
		})
		if bias != nil {
			bias.accumulateInto("Convolve", func(dst *engine.Tensor, accumulate bool) { o.be.SumTo(dst, dy, accumulate) })
		}
	}, append(savedFor(w.needs, x.data), savedFor(x.needs, w.data)...)...)
}

// convolution is a product with columns.
type convolution struct {
	op
	w, bias *Value
	window  engine.Window
}

// maxColumns is how many elements of columns are made at once, unless one sample has more.
const maxColumns = 1 << 22

// inParts calls fn for some samples after the other of x and of y, which has the shape of the result, with room for their columns and the
// product that makes y from them.
func (c convolution) inParts(x, y *engine.Tensor, fn func(x, columns *engine.Tensor, product engine.GemmArgs)) {
	c.eachPart(x, y, y.Rows(), c.window.Taps()*x.Dim(-1), func(x, y, columns *engine.Tensor) {
		product := linearArgs(c.name, columns, c.w, c.bias)
		product.C, product.Precision = y, c.precision(c.w)
		fn(x, columns, product)
	})
}

// eachPart calls fn for some samples after the other of x and y, with room for their share of columns [rows, width].
func (c convolution) eachPart(x, y *engine.Tensor, rows, width int, fn func(x, y, columns *engine.Tensor)) {
	batch := x.Dim(0)
	rows /= batch
	step := max(1, maxColumns/(rows*width))
	for from := 0; from < batch; from += step {
		to := min(from+step, batch)
		part, result, columns := x.Range(from, to), y.Range(from, to), c.new((to-from)*rows, width)
		fn(part, result, columns)
		freeAll([]*engine.Tensor{part, result, columns})
	}
}

// sites checks a window over x and returns the extents of the result, [B, T′, H′, W′].
func (o op) sites(x *Value, w engine.Window) []int {
	shape := x.Shape()
	if len(shape) != 5 {
		panic(&engine.ShapeError{Op: o.name, Got: shape, Want: "[B, T, H, W, C]"})
	}
	fits := x.data.Len() > 0 && slices.Min(w.Kernel[:]) > 0 && slices.Min(w.Stride[:]) > 0 && slices.Min(w.Pad[:]) >= 0
	if fits {
		sites := w.Sites([3]int(shape[1:4]))
		copy(shape[1:], sites[:])
		fits = slices.Min(shape) > 0
	}
	if !fits {
		panic(&engine.ShapeError{Op: o.name, Got: fmt.Sprintf("%+v over %v", w, x.Shape()), Want: "a window that has sites"})
	}
	return shape[:4]
}
