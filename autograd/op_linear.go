package autograd

import "mien/engine"

// The linear layer with its fused forms: one product in the forward pass, two in the backward pass. Next: gradcheck/gradcheck.go, which
// checks these derivatives, or further down engine.GemmArgs in engine/backend.go, the product itself.

// Linear returns x·wᵀ + bias for x [..., in], w [out, in] and bias [out], which may be nil. The trailing axes of a
// convolution kernel count as in. The result has the dtype of x: see [Rounded].
//
// dx = dy·w, dw = dyᵀ·x, dbias = Σ dy over rows
func Linear(x, w, bias *Value) *Value { return linear("Linear", x, w, bias, epilogue{}) }

// LinearAdd returns x·wᵀ + bias + residual in one pass over the result, the end of each half of a transformer block, in the dtype of
// the residual.
//
// dresidual = dy, the others as in Linear
func LinearAdd(x, w, bias, residual *Value) *Value {
	return linear("LinearAdd", x, w, bias, epilogue{residual: residual})
}

// LinearGELU returns GELU(x·wᵀ + bias) in one pass over the result, the first half of an MLP.
//
// With z = x·wᵀ + bias: dz = dy·(Φ(z) + z·φ(z)), and then as in Linear. What reads the result computes dz itself: see Value.
func LinearGELU(x, w, bias *Value) *Value {
	return linear("LinearGELU", x, w, bias, epilogue{gelu: true})
}

// epilogue is what is done to the result of a product while it is in the cache.
type epilogue struct {
	gelu     bool
	residual *Value
}

func linear(name string, x, w, bias *Value, e epilogue) *Value {
	o := beginProduct(name, x, w, bias, e.residual)
	o.checkPacked(w)
	o.checkRounded(w)
	product := linearArgs(name, x.data, w, bias)
	product.Precision = o.precision(w)
	shape := append(x.Shape()[:x.data.Rank()-1], product.N)
	if e.residual != nil {
		engine.CheckShape(name+" residual", e.residual.data, shape...)
		product.Residual, product.C = e.residual.data, o.newSums(shape...)
	} else {
		product.C = o.new(shape...)
	}
	saved := append(savedFor(w.needs, x.data), savedFor(x.needs, w.data)...)
	if product.GELU = e.gelu; e.gelu && o.records() {
		product.Pre = o.temp(o.new(shape...))
	}
	o.be.Gemm(product)
	return o.resultGELU(product.C, product.Pre, func(dy *engine.Tensor) {
		if e.residual != nil {
			e.residual.accumulate(name, dy.Retain())
		}
		linearBackward(o, product, x, w, bias, dy)
	}, saved...)
}

// resultGELU is result for out = GELU(z), which can be rematerialised from z: backward gets the gradient of z. A nil z means
// no GELU.
func (o op) resultGELU(out, z *engine.Tensor, backward func(dy *engine.Tensor), saved ...*engine.Tensor) *Value {
	if z == nil {
		return o.result(out, backward, saved...)
	}
	var y *Value
	y = o.result(out, func(dy *engine.Tensor) {
		if y.gradOfZ {
			backward(dy)
			return
		}
		dz := o.overwritten(dy)
		defer dz.Free()
		o.be.UnaryBackward(engine.GELU, dz, z, dy)
		backward(dz)
	}, append(saved, z)...)
	y.z = z
	return o.rematerialise(y, func() { o.be.Unary(engine.GELU, out, z) }, z)
}

// checkPacked panics if a gradient is needed through a packed weight, which the backward pass cannot read.
func (o op) checkPacked(w *Value) {
	if w.packed != nil && o.needs {
		panic(&engine.ShapeError{Op: o.name + " weight", Got: "packed", Want: "a parameter, where gradients flow"})
	}
}

// checkRounded panics if x is BFloat16 and the product with w is not: where w is packed at another precision, or no weight.
func (o op) checkRounded(w *Value) {
	if o.dtype != engine.BFloat16 {
		return
	}
	p := o.precision(w)
	if w.packed != nil {
		p = w.packed.Precision
	}
	if p != engine.BF16 {
		panic(&engine.ShapeError{Op: o.name + " of a rounded x", Got: "a weight at another precision", Want: "one at that of the tape"})
	}
}

// linearArgs describes the product x·wᵀ + bias.
func linearArgs(name string, x *engine.Tensor, w, bias *Value) engine.GemmArgs {
	in, width := x.Dim(-1), w.Dim(0)
	checkLinear(name, in, w, bias)
	a := engine.GemmArgs{A: x, M: x.Rows(), N: width, K: in, LDA: in, LDC: width, Batch: 1}
	if w.packed != nil {
		a.Packed = w.packed
	} else {
		a.B, a.TransB, a.LDB = w.data, true, in
	}
	if bias != nil {
		a.Bias = bias.data
	}
	return a
}

// checkLinear panics unless w has in numbers for each of its results, and bias one.
func checkLinear(name string, in int, w, bias *Value) {
	width := w.Dim(0)
	if w.data.Len() != in*width {
		panic(&engine.ShapeError{Op: name + " weight", Got: w.Shape(), Want: []int{width, in}})
	}
	if bias != nil {
		engine.CheckShape(name+" bias", bias.data, width)
	}
}

// precision returns the precision of an op's products with w.
func (o op) precision(w *Value) engine.Precision {
	if !w.weight || o.sums() != engine.Float32 {
		return engine.Full
	}
	return o.tape.Precision
}

func linearBackward(o op, forward engine.GemmArgs, x, w, bias *Value, dy *engine.Tensor) {
	if x.z != nil && x.readers == 1 && x.grad == nil {
		x.grad, x.gradOfZ = o.inputGradGELU(forward, x, dy), true
	} else {
		x.accumulateInto(o.name, func(dst *engine.Tensor, accumulate bool) { o.inputGrad(forward, dst, dy, accumulate) })
	}
	switch {
	case bias == nil || !bias.needs:
		w.accumulateInto(o.name, func(dst *engine.Tensor, accumulate bool) { o.weightGrad(forward, dst, dy, accumulate) })
	case !w.needs:
		bias.accumulateInto(o.name, func(dst *engine.Tensor, accumulate bool) { o.be.SumTo(dst, dy, accumulate) })
	default:
		o.parameterGrads(forward, w, bias, dy)
	}
}

// parameterGrads has one product compute the gradients of weight and bias, which both read dy.
func (o op) parameterGrads(forward engine.GemmArgs, w, bias *Value, dy *engine.Tensor) {
	w.accumulateInto(o.name, func(dw *engine.Tensor, accumulate bool) {
		product := weightGradArgs(forward, dw, dy, accumulate)
		bias.accumulateInto(o.name, func(dbias *engine.Tensor, accumulate bool) {
			if !accumulate {
				o.be.Fill(dbias, 0)
			}
			product.RowSums = dbias
			o.be.Gemm(product)
		})
	})
}

// inputGrad computes dst = dy·w for a product x·wᵀ.
func (o op) inputGrad(forward engine.GemmArgs, dst, dy *engine.Tensor, accumulate bool) {
	product := inputGradArgs(forward, dst, dy)
	product.Accumulate = accumulate
	o.be.Gemm(product)
}

// inputGradGELU returns the gradient of z for a product x·wᵀ with x = GELU(z), where that of x never is in memory.
func (o op) inputGradGELU(forward engine.GemmArgs, x *Value, dy *engine.Tensor) *engine.Tensor {
	product := inputGradArgs(forward, o.new(x.Shape()...), dy)
	product.Slope = x.z
	o.be.Gemm(product)
	return product.C
}

func inputGradArgs(forward engine.GemmArgs, dst, dy *engine.Tensor) engine.GemmArgs {
	rows, in, width := forward.M, forward.K, forward.N
	return engine.GemmArgs{C: dst, A: dy, B: forward.B, M: rows, N: in, K: width,
		LDA: width, LDB: in, LDC: in, Batch: 1, Precision: forward.Precision}
}

// weightGrad computes dst = dyᵀ·x for a product x·wᵀ.
func (o op) weightGrad(forward engine.GemmArgs, dst, dy *engine.Tensor, accumulate bool) {
	o.be.Gemm(weightGradArgs(forward, dst, dy, accumulate))
}

func weightGradArgs(forward engine.GemmArgs, dst, dy *engine.Tensor, accumulate bool) engine.GemmArgs {
	rows, in, width := forward.M, forward.K, forward.N
	return engine.GemmArgs{C: dst, A: dy, B: forward.A, M: width, N: in, K: rows, TransA: true,
		LDA: width, LDB: in, LDC: in, Batch: 1, Accumulate: accumulate, Precision: forward.Precision}
}
