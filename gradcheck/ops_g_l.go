package gradcheck

import (
	ag "mien/autograd"
	"mien/engine"
)

func opsGToL() []Case {
	return []Case{
		row("Gather", gather(5, 2, 0, 4), tensor("x", 5, 3)),
		row("Gather/repeats", gather(5, 2, 0, 2, 2, 3, 0), tensor("x", 5, 3)),
		row("Gather/batch", gather(6, 5, 1, 1), tensor("x", 2, 3, 2)),
		row("Gather/transposed", gatherTransposed(4, 2, 0, 2, 2, 0), tensor("x", 5, 3)),
		row("Gather/sums", gatherSums, tensor("x", 4, 5)),
		row("Gather/two results", gatherTwice, tensor("x", 5, 3)),

		row("GroupedLinear", routed(ag.GroupedLinear), append([]Input{tensor("x", 4, 3), scores(4, 3)}, experts(2, 3)...)...),
		trained("GroupedLinear/weights", routed(ag.GroupedLinear), []Input{tensor("x", 4, 3), scores(4, 3)}, experts(2, 3)...),

		row("GroupedLinearGELU", routed(ag.GroupedLinearGELU), append([]Input{tensor("x", 4, 3), scores(4, 3)}, experts(2, 3)...)...),
		trained("GroupedLinearGELU/weights", routed(ag.GroupedLinearGELU), []Input{tensor("x", 4, 3), scores(4, 3)}, experts(2, 3)...),

		row("LayerNorm", ternary(layerNorm), tensor("x", 2, 3, 5), tensor("gamma", 5), tensor("beta", 5)),
		row("LayerNorm/wide", ternary(layerNorm), tensor("x", 4, 67), tensor("gamma", 67), tensor("beta", 67)),
		row("LayerNorm/offset", ternary(layerNorm), within(30, 32, tensor("x", 3, 6)), tensor("gamma", 6), tensor("beta", 6)),

		row("Linear", ternary(ag.Linear), tensor("x", 2, 3, 4), tensor("weight", 5, 4), tensor("bias", 5)),
		row("Linear/no bias", binary(linear), tensor("x", 3, 4), tensor("weight", 5, 4)),
		row("Linear/convolution kernel", binary(linear), tensor("x", 3, 12), tensor("weight", 2, 3, 2, 2)),
		row("Linear/large", ternary(ag.Linear), tensor("x", 70, 33), tensor("weight", 49, 33), tensor("bias", 49)),
		trained("Linear/weights", ternary(ag.Linear), []Input{tensor("x", 7, 33)}, tensor("weight", 9, 33), tensor("bias", 9)),

		row("LinearAdd", linearAdd, tensor("x", 2, 3, 4), tensor("weight", 5, 4), tensor("bias", 5), tensor("residual", 2, 3, 5)),
		trained("LinearAdd/weights", linearAddLast, []Input{tensor("x", 3, 4), tensor("residual", 3, 5)}, tensor("weight", 5, 4), tensor("bias", 5)),
		row("LinearGELU", ternary(ag.LinearGELU), tensor("x", 2, 3, 4), tensor("weight", 5, 4), tensor("bias", 5)),
		row("LinearGELU/large", ternary(ag.LinearGELU), tensor("x", 35, 33), tensor("weight", 70, 33), tensor("bias", 70)),
		trained("LinearGELU/weights", ternary(ag.LinearGELU), []Input{tensor("x", 7, 33)}, tensor("weight", 9, 33), tensor("bias", 9)),

		row("LogSoftmax", unary(ag.LogSoftmax), tensor("x", 2, 3, 5)),
		row("LogSoftmax/large logits", unary(ag.LogSoftmax), within(-8, 8, tensor("x", 4, 7))),
	}
}

// gather takes rows of a source of m rows.
func gather(m int, index ...int32) Func {
	return func(t *ag.Tape, in []*ag.Value) []*ag.Value { return []*ag.Value{ag.Gather(in[0], t.Rows(index, m))} }
}

// gatherTransposed adds row i of the source to row index[i] of m. Some get nothing.
func gatherTransposed(m int, index ...int32) Func {
	return func(t *ag.Tape, in []*ag.Value) []*ag.Value {
		return []*ag.Value{ag.Gather(in[0], t.Rows(index, m).Transposed())}
	}
}

// gatherSums has several rows and gaps in both directions, one row that is summed twice, one result and one source without the other.
func gatherSums(t *ag.Tape, in []*ag.Value) []*ag.Value {
	index := func(values []int32, shape ...int) *engine.Tensor {
		return t.Const(engine.FromSlice(t.Backend(), engine.Int32, values, shape...)).Data()
	}
	return []*ag.Value{ag.Gather(in[0], ag.Rows{
		From: index([]int32{1, -1, 0, 0, 3, 1, 3, 3, -1, -1, -1, -1, -1, 0, -1}, 5, 3),
		Back: index([]int32{0, 1, 4, 0, 1, -1, -1, -1, -1, 1, 2, 2}, 4, 3),
	})}
}

// gatherTwice lets two gathers meet in one gradient.
func gatherTwice(t *ag.Tape, in []*ag.Value) []*ag.Value {
	return []*ag.Value{ag.Gather(in[0], t.Rows([]int32{4, 4}, 5)), ag.Gather(in[0], t.Rows([]int32{1, 4, 0}, 5))}
}

// experts are the weights [out, in] and biases of three experts.
func experts(out, in int) []Input {
	return []Input{tensor("weight 0", out, in), tensor("weight 1", out, in), tensor("weight 2", out, in),
		tensor("bias 0", out), tensor("bias 1", out), tensor("bias 2", out)}
}

// routed sends each row of x to two of three experts by constant scores; the last expert gets none.
func routed(layer func(x *ag.Value, weights, biases []*ag.Value, r *ag.Routing) *ag.Value) Func {
	return func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
		r := ag.Route(in[1], 2, 0)
		return []*ag.Value{layer(ag.Dispatch(in[0], r), in[2:5], in[5:], r)}
	}
}

func layerNorm(x, gamma, beta *ag.Value) *ag.Value { return ag.LayerNorm(x, gamma, beta, 1e-6) }

func linear(x, w *ag.Value) *ag.Value { return ag.Linear(x, w, nil) }

func linearAdd(_ *ag.Tape, in []*ag.Value) []*ag.Value {
	return []*ag.Value{ag.LinearAdd(in[0], in[1], in[2], in[3])}
}

// linearAddLast has the residual in front of the weights.
func linearAddLast(_ *ag.Tape, in []*ag.Value) []*ag.Value {
	return []*ag.Value{ag.LinearAdd(in[0], in[2], in[3], in[1])}
}
