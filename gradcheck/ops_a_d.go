package gradcheck

import (
	ag "mien/autograd"
	"mien/engine"
)

func opsAToD() []Case {
	return []Case{
		row("Custom", binary(customProduct), tensor("a", 3, 4), tensor("b", 3, 4)),
		row("Custom/of its result", unary(customSoftmax), tensor("x", 3, 4)),

		row("Add", binary(ag.Add), tensor("a", 3, 4), tensor("b", 3, 4)),
		row("Add/row", binary(ag.Add), tensor("a", 2, 3, 4), tensor("b", 4)),
		row("Add/column", binary(ag.Add), tensor("a", 3, 1), tensor("b", 3, 4)),
		row("Add/both stretched", binary(ag.Add), tensor("a", 3, 1), tensor("b", 2, 1, 4)),
		row("Add/scalar", binary(ag.Add), tensor("a"), tensor("b", 2, 3)),
		row("Add/itself", unary(func(x *ag.Value) *ag.Value { return ag.Add(x, x) }), tensor("x", 3, 4)),
		row("Add/constant", binary(ag.Add), tensor("a", 3, 4), fixed(tensor("b", 4), 1, -2, 0.5, 3)),

		row("Attention/1 token", unary(attention(2)), tensor("qkv", 2, 1, 3*2*3)),
		row("Attention/5 tokens", unary(attention(3)), tensor("qkv", 2, 5, 3*3*2)),
		row("Attention/131 tokens", unary(attention(2)), tensor("qkv", 1, 131, 3*2*4)),
		row("AttentionComposed", attentionComposed(2), tensor("qkv", 2, 3, 3*2*2)),
		row("AttentionComposed/131 tokens", attentionComposed(2), tensor("qkv", 1, 131, 3*2*4)),

		row("Concat/first axis", concat(0), tensor("a", 1, 3), tensor("b", 2, 3), tensor("c", 3, 3)),
		row("Concat/middle axis", concat(1), tensor("a", 2, 1, 3), tensor("b", 2, 3, 3)),
		row("Concat/last axis", concat(2), tensor("a", 2, 2, 3), tensor("b", 2, 2, 1)),
		row("Concat/itself", unary(func(x *ag.Value) *ag.Value { return ag.Concat(0, x, x) }), tensor("x", 2, 3)),

		row("CrossEntropy", binary(ag.CrossEntropy), tensor("logits", 4, 7), softTargets(4, 7)),
		row("CrossEntropy/mixed targets", binary(ag.CrossEntropy), tensor("logits", 2, 3),
			fixed(tensor("target", 2, 3), 0.7, 0.3, 0, 0, 0.4, 0.1)),

		row("Dropout", drop(ag.Dropout, 0.3, &engine.Key{Seed: 1, Stream: 2}), tensor("x", 4, 5)),
		row("Dropout/twice", dropTwice, tensor("x", 3, 7)),
		row("Dropout/evaluation", drop(ag.Dropout, 0.3, nil), tensor("x", 4, 5)),
		row("DropPath", drop(ag.DropPath, 0.5, &engine.Key{Seed: 1, Stream: 3}), tensor("x", 6, 2, 3)),
		row("DropPath/evaluation", drop(ag.DropPath, 0.5, nil), tensor("x", 6, 2, 3)),
	}
}

// customProduct is a·b as an op from outside package autograd.
func customProduct(a, b *ag.Value) *ag.Value {
	multiply := func(x, y *engine.Tensor) *engine.Tensor {
		out := engine.New(x.Backend(), x.DType(), x.Shape()...)
		x.Backend().Binary(engine.Mul, out, x, y)
		return out
	}
	return ag.Custom("product",
		func(x []*engine.Tensor) *engine.Tensor { return multiply(x[0], x[1]) },
		func(dy, _ *engine.Tensor, x []*engine.Tensor) []*engine.Tensor {
			return []*engine.Tensor{multiply(dy, x[1]), multiply(dy, x[0])}
		}, a, b)
}

// customSoftmax has a gradient that depends on its result alone.
func customSoftmax(x *ag.Value) *ag.Value {
	return ag.Custom("softmax",
		func(x []*engine.Tensor) *engine.Tensor {
			y := engine.New(x[0].Backend(), x[0].DType(), x[0].Shape()...)
			y.Backend().Softmax(y, x[0])
			return y
		},
		func(dy, y *engine.Tensor, _ []*engine.Tensor) []*engine.Tensor {
			dx := engine.New(y.Backend(), y.DType(), y.Shape()...)
			dx.Backend().SoftmaxBackward(dx, y, dy)
			return []*engine.Tensor{dx}
		}, x)
}

func attention(heads int) func(*ag.Value) *ag.Value {
	return func(qkv *ag.Value) *ag.Value { return ag.Attention(qkv, heads) }
}

// attentionComposed has the probabilities as its second output.
func attentionComposed(heads int) Func {
	return func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
		out, probabilities := ag.AttentionComposed(in[0], heads)
		return []*ag.Value{out, probabilities}
	}
}

func concat(axis int) Func {
	return func(_ *ag.Tape, in []*ag.Value) []*ag.Value { return []*ag.Value{ag.Concat(axis, in...)} }
}

func drop(op func(x *ag.Value, p float64, key *engine.Key) *ag.Value, p float64, key *engine.Key) Func {
	return unary(func(x *ag.Value) *ag.Value { return op(x, p, key) })
}

// dropTwice draws from two keys of one seed, as two layers of a model do.
func dropTwice(_ *ag.Tape, in []*ag.Value) []*ag.Value {
	key := engine.Key{Seed: 4}
	first, second := key.Child(0), key.Child(1)
	return []*ag.Value{ag.Mul(ag.Dropout(in[0], 0.4, &first), ag.Dropout(in[0], 0.2, &second))}
}

// softTargets are smoothed labels, without a gradient.
func softTargets(batch, classes int) Input {
	labels := make([]int, batch)
	for i := range labels {
		labels[i] = (3*i + 1) % classes
	}
	in := Input{Name: "target", Shape: []int{batch, classes}, NoGrad: true}
	for _, v := range ag.SmoothTargets(labels, classes, 0.1) {
		in.Values = append(in.Values, float64(v))
	}
	return in
}
