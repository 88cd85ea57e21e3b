package gradcheck

import ag "mien/autograd"

func opsSToU() []Case {
	return []Case{
		row("Scale", unary(func(x *ag.Value) *ag.Value { return ag.Scale(x, -1.7) }), tensor("x", 3, 4)),
		row("Scale/zero", unary(func(x *ag.Value) *ag.Value { return ag.Scale(x, 0) }), tensor("x", 3)),

		row("Slice/first axis", unary(slice(0, 1, 3)), tensor("x", 4, 3)),
		row("Slice/middle axis", unary(slice(1, 0, 2)), tensor("x", 2, 3, 4)),
		row("Slice/last axis", unary(slice(2, 1, 2)), tensor("x", 2, 3, 4)),
		row("Slice/overlapping", overlapping, tensor("x", 5, 3)),

		row("Softmax", unary(ag.Softmax), tensor("x", 2, 3, 5)),
		row("Softmax/large logits", unary(ag.Softmax), within(-8, 8, tensor("x", 4, 7))),
		row("Softmax/wide", unary(ag.Softmax), tensor("x", 3, 131)),

		row("Sub", binary(ag.Sub), tensor("a", 3, 4), tensor("b", 3, 4)),
		row("Sub/row", binary(ag.Sub), tensor("a", 2, 3, 4), tensor("b", 4)),
		row("Sub/column", binary(ag.Sub), tensor("a", 3, 1), tensor("b", 3, 4)),
		row("Sub/from scalar", binary(ag.Sub), tensor("a"), tensor("b", 2, 3)),
		row("Sub/itself", unary(func(x *ag.Value) *ag.Value { return ag.Sub(ag.Scale(x, 2), x) }), tensor("x", 3, 4)),

		row("Sum", unary(ag.Sum), tensor("x", 3, 4)),
		row("SumAxis/first", unary(along(ag.SumAxis, 0)), tensor("x", 3, 4)),
		row("SumAxis/middle", unary(along(ag.SumAxis, 1)), tensor("x", 2, 3, 4)),
		row("SumAxis/last", unary(along(ag.SumAxis, 2)), tensor("x", 2, 3, 4)),

		row("GELU", unary(ag.GELU), tensor("x", 3, 4)),
		row("GELU/wide range", unary(ag.GELU), within(-6, 6, tensor("x", 37))),
		row("Softplus", unary(ag.Softplus), tensor("x", 3, 4)),
		row("Softplus/wide range", unary(ag.Softplus), within(-25, 25, tensor("x", 37))),
	}
}

func slice(axis, from, to int) func(*ag.Value) *ag.Value {
	return func(x *ag.Value) *ag.Value { return ag.Slice(x, axis, from, to) }
}

// overlapping slices must add their gradients where they meet.
func overlapping(_ *ag.Tape, in []*ag.Value) []*ag.Value {
	return []*ag.Value{ag.Slice(in[0], 0, 0, 3), ag.Slice(in[0], 0, 2, 5)}
}
