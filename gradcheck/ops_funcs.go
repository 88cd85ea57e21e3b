package gradcheck

import (
	"slices"

	ag "mien/autograd"
	"mien/engine"
)

// The rows of the table of ops, their inputs, and the computations that are more than one op.

// row is a case of an op, which has no parameters.
func row(name string, f Func, inputs ...Input) Case {
	return Case{Name: name, Inputs: inputs, New: Stateless(f)}
}

// trained is a case of an op with weights that belong to the module, N(0, 1), so that products with them run at the precision of the
// tape. f gets them after the inputs.
func trained(name string, f Func, inputs []Input, weights ...Input) Case {
	return Case{Name: name, Inputs: inputs, Jitter: 1, New: func(b engine.Backend, dtype engine.DType) Module {
		m, values := Module{}, []value{}
		for _, w := range weights {
			v := ag.Weight(engine.Zeros(b, dtype, w.Shape...))
			m.Params, values = append(m.Params, Param{w.Name, v}), append(values, v)
		}
		m.Forward = func(t *ag.Tape, in []value) []value { return f(t, slices.Concat(in, values)) }
		return m
	}}
}

func tensor(name string, shape ...int) Input { return Input{Name: name, Shape: shape} }

// within draws an input from an interval.
func within(lo, hi float64, in Input) Input {
	in.Lo, in.Hi = lo, hi
	return in
}

// fixed makes an input a constant, with the given values if there are any.
func fixed(in Input, values ...float64) Input {
	in.Values, in.NoGrad = values, true
	return in
}

// with is an op of one value with its other argument.
func with[A any](op func(x value, arg A) value, arg A) Func {
	return Unary(func(x value) value { return op(x, arg) })
}

// scores are router scores [tokens, experts] so far apart that no step of a difference changes a choice. The last expert
// is never among the best two.
func scores(tokens, experts int) Input {
	in := tensor("scores", tokens, experts)
	for i := range tokens {
		for j := range experts - 1 {
			in.Values = append(in.Values, 0.3*float64((i*i+2*j+i*j)%(experts-1))+0.01*float64(j))
		}
		in.Values = append(in.Values, -1)
	}
	return in
}

// ranked moves the scores of each token, so that no two have the same best one, and no step of a difference changes their order.
func ranked(scores Input) Input {
	tokens, experts := scores.Shape[0], scores.Shape[1]
	for i := range scores.Values {
		scores.Values[i] += 0.05 * float64(i/experts*2%tokens)
	}
	return scores
}

// softmaxOfProduct is softmax(a·b) as an op from outside package autograd, whose gradients need its operands and its result.
func softmaxOfProduct(a, b value) value {
	multiply := func(x, y *engine.Tensor) *engine.Tensor {
		out := engine.New(x.Backend(), x.DType(), x.Shape()...)
		x.Backend().Binary(engine.Mul, out, x, y)
		return out
	}
	return ag.Custom("softmax of product",
		func(x []*engine.Tensor) *engine.Tensor {
			y := multiply(x[0], x[1])
			y.Backend().Softmax(y, y)
			return y
		},
		func(dy, y *engine.Tensor, x []*engine.Tensor) []*engine.Tensor {
			dp := engine.New(y.Backend(), y.DType(), y.Shape()...) // of the product
			defer dp.Free()
			dp.Backend().SoftmaxBackward(dp, y, dy)
			return []*engine.Tensor{multiply(dp, x[1]), multiply(dp, x[0])}
		}, a, b)
}

// attentionComposed has two heads, and the probabilities as its second output.
func attentionComposed(_ *ag.Tape, in []value) []value {
	out, probabilities := ag.AttentionComposed(in[0], 2)
	return []value{out, probabilities}
}

// attend has the probabilities as its second output, too.
func attend(_ *ag.Tape, in []value) []value {
	out, probabilities := ag.Attend(in[0], in[1], in[2])
	return []value{out, probabilities}
}

func concat(axis int) Func {
	return func(_ *ag.Tape, in []value) []value { return []value{ag.Concat(axis, in...)} }
}

// gather takes rows of a source of m rows.
func gather(m int, index ...int32) Func {
	return func(t *ag.Tape, in []value) []value { return []value{ag.Gather(in[0], t.Rows(index, m))} }
}

// gatherSums has several rows and gaps in both directions, one row that is summed twice, one result and one source without the other. A
// second gather adds its gradient to that of the first.
func gatherSums(t *ag.Tape, in []value) []value {
	index := func(values []int32, shape ...int) *engine.Tensor {
		return t.Const(engine.FromSlice(t.Backend(), engine.Int32, values, shape...)).Data()
	}
	sums := ag.Rows{
		From: index([]int32{1, -1, 0, 0, 3, 1, 3, 3, -1, -1, -1, -1, -1, 0, -1}, 5, 3),
		Back: index([]int32{0, 1, 4, 0, 1, -1, -1, -1, -1, 1, 2, 2}, 4, 3),
	}
	return []value{ag.Gather(in[0], t.Rows([]int32{3, 3, 0}, 4)), ag.Gather(in[0], sums)}
}

// experts are the weights [out, in] and biases of three experts.
func experts(out, in int) []Input {
	return []Input{tensor("weight 0", out, in), tensor("weight 1", out, in), tensor("weight 2", out, in),
		tensor("bias 0", out), tensor("bias 1", out), tensor("bias 2", out)}
}

// routed sends each row of x to two of three experts by constant scores; the last expert gets none.
func routed(layer func(x value, weights, biases []value, r *ag.Routing) value) Func {
	return func(_ *ag.Tape, in []value) []value {
		r := ag.Route(in[1], 2, 0, ag.ByToken)
		return []value{layer(ag.Dispatch(in[0], r), in[2:5], in[5:], r)}
	}
}

var (
	layerNorm = Ternary(func(x, gamma, beta value) value { return ag.LayerNorm(x, gamma, beta, 1e-6) })
	linear    = Binary(func(x, w value) value { return ag.Linear(x, w, nil) })

	layerNormRounded = Ternary(func(x, gamma, beta value) value { return ag.Widened(ag.LayerNormRounded(x, gamma, beta, 1e-6)) })
)

// readTwice has two products read what was rounded, and their results added before they are widened.
func readTwice(_ *ag.Tape, in []value) []value {
	x := ag.Rounded(in[0])
	return []value{ag.Widened(ag.Add(ag.Linear(x, in[1], nil), ag.Linear(x, in[2], nil)))}
}

// linearAdd has the residual in front of the weights.
func linearAdd(_ *ag.Tape, in []value) []value {
	return []value{ag.LinearAdd(in[0], in[2], in[3], in[1])}
}

// linearAddLast has the residual in front of the weights, too.
func linearAddLast(_ *ag.Tape, in []value) []value {
	return []value{ag.LinearAddLast(in[0], in[2], in[3], in[1])}
}

// linearLast puts zeros before each item, up to so many rows.
func linearLast(rows int) Func {
	return Ternary(func(x, w, bias value) value { return ag.LinearLast(x, w, bias, rows) })
}

func matMul(transA, transB bool) Func {
	return Binary(func(a, b value) value { return ag.MatMul(a, b, transA, transB) })
}

// patchify cuts floats into patches, with another scale for each channel.
func patchify(tubelet, patch int) Func {
	return Unary(func(pixels value) value {
		return ag.Patchify(pixels, pixels.Data().DType(), engine.PatchifyArgs{Tubelet: tubelet, Patch: patch,
			Mean: [3]float32{0.5, -0.25, 0.125}, Std: [3]float32{0.5, 2, 0.25}})
	})
}

// twoViews uses the same elements under two shapes, whose gradients are added.
func twoViews(_ *ag.Tape, in []value) []value {
	a, b := ag.Reshape(in[0], 2, 6), ag.Reshape(in[0], 12)
	return []value{ag.Mul(a, a), b, ag.Add(ag.Reshape(a, 12), b)}
}

// route sends tokens to experts and back: the whole mixture, with a factor for each slot in place of an expert. The
// second output, which slots are kept, has no gradient.
func route(k, capacity int) Func { return routeBy(k, capacity, ag.ByToken) }

// routeBy is route with a priority of choices.
func routeBy(k, capacity int, p ag.Priority) Func { return routeGroups(k, capacity, 1, p) }

// routeGroups is routeBy where the capacity is that of each group of tokens.
func routeGroups(k, capacity, groups int, p ag.Priority) Func {
	return func(_ *ag.Tape, in []value) []value {
		r := ag.RouteGroups(in[1], k, capacity, groups, p)
		slots := ag.Mul(ag.Dispatch(in[0], r), in[2])
		return []value{ag.Combine(slots, ag.Gates(in[1], r), r), r.Keep}
	}
}

// overlapping slices must add their gradients where they overlap.
func overlapping(_ *ag.Tape, in []value) []value {
	return []value{ag.Slice(in[0], 0, 0, 3), ag.Slice(in[0], 0, 2, 5)}
}
