package autograd

import "mien/engine"

// Linear returns x·wᵀ + bias for x [..., in], w [out, in] and bias [out], which may be nil. The trailing axes of a
// convolution kernel count as in.
//
// dx = dy·w, dw = dyᵀ·x, dbias = Σ dy over rows
func Linear(x, w, bias *Value) *Value {
	operands := []*Value{x, w}
	if bias != nil {
		operands = append(operands, bias)
	}
	o := begin("Linear", operands...)
	rows, in, width := x.data.Rows(), x.Dim(-1), w.Dim(0)
	if w.data.Len() != in*width {
		panic(&engine.ShapeError{Op: "Linear weight", Got: w.Shape(), Want: []int{width, in}})
	}
	forward := engine.GemmArgs{A: x.data, B: w.data, M: rows, N: width, K: in, TransB: true,
		LDA: in, LDB: in, LDC: width, Batch: 1}
	if bias != nil {
		engine.CheckShape("Linear bias", bias.data, width)
		forward.Bias = bias.data
	}
	out := o.new(append(x.Shape()[:x.data.Rank()-1], width)...)
	forward.C = out
	o.be.Gemm(forward)
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateInto("Linear", func(dst *engine.Tensor, accumulate bool) {
			o.be.Gemm(engine.GemmArgs{C: dst, A: dy, B: w.data, M: rows, N: in, K: width,
				LDA: width, LDB: in, LDC: in, Batch: 1, Accumulate: accumulate})
		})
		w.accumulateInto("Linear", func(dst *engine.Tensor, accumulate bool) {
			o.be.Gemm(engine.GemmArgs{C: dst, A: dy, B: x.data, M: width, N: in, K: rows, TransA: true,
				LDA: width, LDB: in, LDC: in, Batch: 1, Accumulate: accumulate})
		})
		if bias != nil {
			bias.accumulateInto("Linear", func(dst *engine.Tensor, accumulate bool) { o.be.SumTo(dst, dy, accumulate) })
		}
	}, x.data, w.data)
}
