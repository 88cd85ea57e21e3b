package autograd

import (
	"slices"

	"mien/engine"
)

// GroupedLinear applies one linear layer per expert to its slots: rows Offsets[e] to Offsets[e+1] of x [slots, in]
// are multiplied with weights[e] [out, in] and get biases[e] [out]. An expert without slots costs nothing and gets
// a zero gradient.
//
// For each expert: dx = dy·w, dw = dyᵀ·x, dbias = Σ dy
func GroupedLinear(x *Value, weights, biases []*Value, r *Routing) *Value {
	return grouped("GroupedLinear", x, weights, biases, r, false)
}

// GroupedLinearGELU returns GELU(GroupedLinear(x, …)) in one pass over the result, the first half of an adapter.
//
// With z the values before GELU: dz = dy·(Φ(z) + z·φ(z)), and then as in GroupedLinear
func GroupedLinearGELU(x *Value, weights, biases []*Value, r *Routing) *Value {
	return grouped("GroupedLinearGELU", x, weights, biases, r, true)
}

func grouped(name string, x *Value, weights, biases []*Value, r *Routing, gelu bool) *Value {
	o := begin(name, slices.Concat([]*Value{x}, weights, biases)...)
	width := weights[0].Dim(0)
	for e := range weights {
		o.checkPacked(weights[e])
		engine.CheckShape(name+" weight", weights[e].data, width, x.Dim(-1))
		engine.CheckShape(name+" bias", biases[e].data, width)
	}
	out := o.new(x.Dim(0), width)
	args := engine.GroupedArgs{X: x.data, Y: out, W: tensors(weights), B: tensors(biases), Offsets: r.Offsets,
		Packed: packedWeights(weights), GELU: gelu, Precision: o.precision(weights[0])}
	saved := append(savedFor(anyNeeds(weights...) || anyNeeds(biases...), x.data), savedFor(x.needs, args.W...)...)
	saved = append(saved, r.Offsets)
	if gelu && o.records() {
		args.Pre = o.temp(o.new(out.Shape()...))
	}
	o.be.GroupedGemm(args)
	return o.resultGELU(out, args.Pre, func(dy *engine.Tensor) { groupedBackward(o, x, weights, biases, r, dy) }, saved...)
}

func groupedBackward(o op, x *Value, weights, biases []*Value, r *Routing, dy *engine.Tensor) {
	back := engine.GroupedArgs{Y: dy, W: tensors(weights), Offsets: r.Offsets, Precision: o.precision(weights[0])}
	if x.needs {
		back.Mode, back.X = engine.GroupedInputGrad, o.new(x.Shape()...)
		o.be.GroupedGemm(back)
		x.accumulate(o.name, back.X)
	}
	if !anyNeeds(weights...) && !anyNeeds(biases...) {
		return
	}
	back.Mode, back.X = engine.GroupedWeightGrad, x.data
	back.W, back.B = each(weights, o.zeros), each(biases, o.zeros)
	o.be.GroupedGemm(back)
	for e := range weights {
		weights[e].accumulate(o.name, back.W[e])
		biases[e].accumulate(o.name, back.B[e])
	}
}

// packedWeights returns the packed forms of weights that have them, all or none.
func packedWeights(weights []*Value) []*engine.PackedWeight {
	if weights[0].packed == nil {
		return nil
	}
	return each(weights, func(w *Value) *engine.PackedWeight { return w.packed })
}

// each returns f of each value.
func each[T any](values []*Value, f func(v *Value) T) []T {
	out := make([]T, len(values))
	for i, v := range values {
		out[i] = f(v)
	}
	return out
}

func tensors(values []*Value) []*engine.Tensor { return each(values, (*Value).Data) }

// zeros is a gradient of v to which a kernel adds.
func (o op) zeros(v *Value) *engine.Tensor { return engine.Zeros(o.be, o.dtype, v.Shape()...) }
