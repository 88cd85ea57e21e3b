package gradcheck

import ag "mien/autograd"

func opsGToL() []Case {
	return []Case{
		row("Gather", indexed(ag.Gather, 2, 0, 4), tensor("x", 5, 3)),
		row("Gather/repeats", indexed(ag.Gather, 2, 0, 2, 2, 3, 0), tensor("x", 5, 3)),
		row("Gather/batch", indexed(ag.Gather, 5, 1, 1), tensor("x", 2, 3, 2)),

		row("GroupedLinear", groupedLinear(3), tensor("x", 4, 3), scores(4, 3),
			tensor("weight 0", 2, 3), tensor("weight 1", 2, 3), tensor("weight 2", 2, 3),
			tensor("bias 0", 2), tensor("bias 1", 2), tensor("bias 2", 2)),

		row("GroupedLinearGELU", groupedLinearGELU(3), tensor("x", 4, 3), scores(4, 3),
			tensor("weight 0", 2, 3), tensor("weight 1", 2, 3), tensor("weight 2", 2, 3),
			tensor("bias 0", 2), tensor("bias 1", 2), tensor("bias 2", 2)),

		row("LayerNorm", ternary(layerNorm), tensor("x", 2, 3, 5), tensor("gamma", 5), tensor("beta", 5)),
		row("LayerNorm/wide", ternary(layerNorm), tensor("x", 4, 67), tensor("gamma", 67), tensor("beta", 67)),
		row("LayerNorm/offset", ternary(layerNorm), within(30, 32, tensor("x", 3, 6)), tensor("gamma", 6), tensor("beta", 6)),

		row("Linear", ternary(ag.Linear), tensor("x", 2, 3, 4), tensor("weight", 5, 4), tensor("bias", 5)),
		row("Linear/no bias", binary(linear), tensor("x", 3, 4), tensor("weight", 5, 4)),
		row("Linear/convolution kernel", binary(linear), tensor("x", 3, 12), tensor("weight", 2, 3, 2, 2)),
		row("Linear/large", ternary(ag.Linear), tensor("x", 70, 33), tensor("weight", 49, 33), tensor("bias", 49)),

		row("LinearAdd", linearAdd, tensor("x", 2, 3, 4), tensor("weight", 5, 4), tensor("bias", 5), tensor("residual", 2, 3, 5)),
		row("LinearGELU", ternary(ag.LinearGELU), tensor("x", 2, 3, 4), tensor("weight", 5, 4), tensor("bias", 5)),
		row("LinearGELU/large", ternary(ag.LinearGELU), tensor("x", 35, 33), tensor("weight", 70, 33), tensor("bias", 70)),

		row("LogSoftmax", unary(ag.LogSoftmax), tensor("x", 2, 3, 5)),
		row("LogSoftmax/large logits", unary(ag.LogSoftmax), within(-8, 8, tensor("x", 4, 7))),
	}
}

// groupedLinear routes rows of x to one of the experts by constant scores; the last one gets none.
func groupedLinear(experts int) Func { return routed(experts, ag.GroupedLinear) }

func groupedLinearGELU(experts int) Func { return routed(experts, ag.GroupedLinearGELU) }

func routed(experts int, layer func(x *ag.Value, weights, biases []*ag.Value, r *ag.Routing) *ag.Value) Func {
	return func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
		r := ag.Route(in[1], 2, 0)
		return []*ag.Value{layer(ag.Dispatch(in[0], r), in[2:2+experts], in[2+experts:], r)}
	}
}

func layerNorm(x, gamma, beta *ag.Value) *ag.Value { return ag.LayerNorm(x, gamma, beta, 1e-6) }

func linear(x, w *ag.Value) *ag.Value { return ag.Linear(x, w, nil) }

func linearAdd(_ *ag.Tape, in []*ag.Value) []*ag.Value {
	return []*ag.Value{ag.LinearAdd(in[0], in[1], in[2], in[3])}
}
