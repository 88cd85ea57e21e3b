package autograd

import "mien/engine"

// GroupedLinear applies one linear layer per expert to its slots: rows Offsets[e] to Offsets[e+1] of x [slots, in]
// are multiplied with weights[e] [out, in] and get biases[e] [out]. An expert that nobody chose costs nothing and gets
// a zero gradient.
//
// For each expert: dx = dy·w, dw = dyᵀ·x, dbias = Σ dy
func GroupedLinear(x *Value, weights, biases []*Value, r *Routing) *Value {
	operands := append(append([]*Value{x}, weights...), biases...)
	o := begin("GroupedLinear", operands...)
	width := weights[0].Dim(0)
	for e := range weights {
		engine.CheckShape("GroupedLinear weight", weights[e].data, width, x.Dim(-1))
		engine.CheckShape("GroupedLinear bias", biases[e].data, width)
	}
	out := o.new(x.Dim(0), width)
	args := engine.GroupedArgs{X: x.data, Y: out, W: tensors(weights), B: tensors(biases), Offsets: r.Offsets}
	o.be.GroupedGemm(args)
	return o.result(out, func(dy *engine.Tensor) {
		back := args
		back.Y = dy
		if x.needs {
			back.Mode, back.X = engine.GroupedInputGrad, o.new(x.Shape()...)
			o.be.GroupedGemm(back)
			x.accumulate("GroupedLinear", back.X)
		}
		back.Mode, back.X = engine.GroupedWeightGrad, x.data
		back.W, back.B = o.zeros(weights), o.zeros(biases)
		o.be.GroupedGemm(back)
		for e := range weights {
			weights[e].accumulate("GroupedLinear", back.W[e])
			biases[e].accumulate("GroupedLinear", back.B[e])
		}
	}, append(args.W, x.data, r.Offsets)...)
}

func tensors(values []*Value) []*engine.Tensor {
	out := make([]*engine.Tensor, len(values))
	for i, v := range values {
		out[i] = v.data
	}
	return out
}

func (o op) zeros(values []*Value) []*engine.Tensor {
	out := make([]*engine.Tensor, len(values))
	for i, v := range values {
		out[i] = o.new(v.Shape()...)
		o.be.Fill(out[i], 0)
	}
	return out
}
