package autograd

import "mien/engine"

// A convolution to few channels, as the one that predicts how D²Conv3D stretches its kernel, moves its results instead of its input.

// fewer is how many times as many channels come in as go out of a convolution that multiplies first: so many times less is moved. With few
// channels in (32 or less) that costs the forward pass time, and saves the backward pass more.
const fewer = 4

// toFew reports whether a convolution of x multiplies first: its sites are as far apart as positions and no fewer, so that no product is
// computed in vain.
func (c convolution) toFew(x *Value) bool {
	for axis, kernel := range c.window.Kernel {
		if pad := c.window.Pad[axis]; c.window.Stride[axis] != 1 || pad >= kernel || 2*pad+1 < kernel {
			return false
		}
	}
	return c.w.packed == nil && fewer*c.w.Dim(0) <= x.Dim(-1)
}

// multiplyFirst is Convolve that multiplies each position with the weights of all taps, and then adds up for each site what its taps give:
// columns have taps·O numbers a position instead of taps·C a site. Seen from the results, that is Fold over the window that leads back,
// from positions to the sites that see them, whose taps are those of w in reverse: wʳ [taps·O, C].
//
// dx = Unfold(dy)·wʳ, dwʳ = Unfold(dy)ᵀ·x, dbias = Σ dy over sites
func (c convolution) multiplyFirst(x *Value, shape []int) *Value {
	checkLinear(c.name, c.window.Taps()*x.Dim(-1), c.w, c.bias)
	out, back := c.new(shape...), reverse(c.window)
	weight := c.reverseTaps()
	defer weight.Free()
	c.inPartsFirst(x.data, out, func(y *engine.Tensor, product engine.GemmArgs) {
		product.B = weight
		c.be.Gemm(product)
		if c.bias != nil {
			c.be.Copy(engine.CopyArgs{Dst: y, DstStride: y.Dim(-1), Src: c.bias.data, Block: y.Dim(-1), Count: y.Rows()})
		}
		c.be.Fold(y, product.C, back, c.bias != nil)
	})
	return c.result(out, func(dy *engine.Tensor) {
		x.accumulateInto(c.name, func(dst *engine.Tensor, accumulate bool) {
			weight := c.reverseTaps()
			defer weight.Free()
			c.inPartsFirst(dst, dy, func(dy *engine.Tensor, product engine.GemmArgs) {
				dx := product.A
				product.B = weight
				c.be.Unfold(product.C, dy, back)
				c.inputGrad(product, dx, product.C, accumulate)
			})
		})
		c.w.accumulateInto(c.name, func(dst *engine.Tensor, accumulate bool) { c.weightGradFirst(dst, x.data, dy, accumulate) })
		if c.bias != nil {
			c.bias.accumulateInto(c.name, func(dst *engine.Tensor, accumulate bool) { c.be.SumTo(dst, dy, accumulate) })
		}
	}, append(savedFor(c.w.needs, x.data), savedFor(x.needs, c.w.data)...)...)
}

// weightGradFirst computes the gradient of w.
func (c convolution) weightGradFirst(dst, x, dy *engine.Tensor, accumulate bool) {
	taps, out, in := c.window.Taps(), c.w.Dim(0), x.Dim(-1)
	dw, begun, back := c.new(taps*out, in), false, reverse(c.window)
	defer dw.Free()
	c.inPartsFirst(x, dy, func(dy *engine.Tensor, product engine.GemmArgs) {
		c.be.Unfold(product.C, dy, back)
		c.weightGrad(product, dw, product.C, begun)
		begun = true
	})
	for tap := range taps {
		c.be.Copy(engine.CopyArgs{Dst: dst, DstOffset: tap * in, DstStride: taps * in, Src: dw, SrcOffset: (taps - 1 - tap) * out * in,
			SrcStride: in, Block: in, Count: out, Accumulate: accumulate})
	}
}

// inPartsFirst calls fn for some samples after the other of x and of y, which has the shape of the result, with the product x·wʳᵀ but for
// wʳ, whose C has room for the columns.
func (c convolution) inPartsFirst(x, y *engine.Tensor, fn func(y *engine.Tensor, product engine.GemmArgs)) {
	width, in := c.window.Taps()*c.w.Dim(0), x.Dim(-1)
	c.eachPart(x, y, x.Rows(), width, func(x, y, columns *engine.Tensor) {
		fn(y, engine.GemmArgs{C: columns, A: x, TransB: true, M: x.Rows(), N: width, K: in,
			LDA: in, LDB: in, LDC: width, Batch: 1, Precision: c.precision(c.w)})
	})
}

// reverseTaps returns wʳ [taps·O, C] of w [O, taps·C].
func (c convolution) reverseTaps() *engine.Tensor {
	taps, out := c.window.Taps(), c.w.Dim(0)
	in := c.w.data.Len() / (taps * out)
	weight := c.new(taps*out, in)
	for tap := range taps {
		c.be.Copy(engine.CopyArgs{Dst: weight, DstOffset: (taps - 1 - tap) * out * in, DstStride: in, Src: c.w.data, SrcOffset: tap * in,
			SrcStride: taps * in, Block: in, Count: out})
	}
	return weight
}

// reverse returns the window that leads from the positions of a window of stride 1 back to its sites.
func reverse(w engine.Window) engine.Window {
	for axis, kernel := range w.Kernel {
		w.Pad[axis] = kernel - 1 - w.Pad[axis]
	}
	return w
}
