package gradcheck

import (
	ag "mien/autograd"
	"mien/engine"
)

func opsMToR() []Case {
	return []Case{
		row("MatMul", binary(matMul(false, false)), tensor("a", 3, 4), tensor("b", 4, 5)),
		row("MatMul/transposed b", binary(matMul(false, true)), tensor("a", 3, 4), tensor("b", 5, 4)),
		row("MatMul/transposed a", binary(matMul(true, false)), tensor("a", 4, 3), tensor("b", 4, 5)),
		row("MatMul/transposed both", binary(matMul(true, true)), tensor("a", 4, 3), tensor("b", 5, 4)),
		row("MatMul/batched", binary(matMul(false, false)), tensor("a", 2, 3, 2), tensor("b", 2, 2, 4)),
		row("MatMul/batched, transposed b", binary(matMul(false, true)), tensor("a", 2, 2, 3, 2), tensor("b", 2, 2, 4, 2)),
		row("MatMul/batched, transposed a", binary(matMul(true, false)), tensor("a", 2, 2, 3), tensor("b", 2, 2, 4)),
		row("MatMul/batched, transposed both", binary(matMul(true, true)), tensor("a", 2, 2, 3), tensor("b", 2, 4, 2)),
		row("MatMul/shared b", binary(matMul(false, false)), tensor("a", 3, 2, 4), tensor("b", 4, 3)),
		row("MatMul/shared b, transposed", binary(matMul(false, true)), tensor("a", 3, 2, 4), tensor("b", 3, 4)),
		row("MatMul/itself", unary(func(x *ag.Value) *ag.Value { return ag.MatMul(x, x, false, true) }), tensor("x", 3, 4)),
		row("MatMul/large", binary(matMul(false, false)), tensor("a", 61, 70), tensor("b", 70, 53)),

		row("Mean", unary(ag.Mean), tensor("x", 3, 4)),
		row("MeanAxis/first", unary(along(ag.MeanAxis, 0)), tensor("x", 3, 4)),
		row("MeanAxis/middle", unary(along(ag.MeanAxis, 1)), tensor("x", 2, 3, 4)),

		row("MSE", binary(ag.MSE), tensor("pred", 4, 3), fixedDraw("target", 4, 3)),
		row("MSE/vector", binary(ag.MSE), tensor("pred", 7), fixedDraw("target", 7)),
		row("MSE/large", binary(ag.MSE), tensor("pred", 3, 7, 101), fixedDraw("target", 3, 7, 101)),

		row("Mul", binary(ag.Mul), tensor("a", 3, 4), tensor("b", 3, 4)),
		row("Mul/row", binary(ag.Mul), tensor("a", 2, 3, 4), tensor("b", 4)),
		row("Mul/column", binary(ag.Mul), tensor("a", 3, 1), tensor("b", 3, 4)),
		row("Mul/both stretched", binary(ag.Mul), tensor("a", 3, 1), tensor("b", 2, 1, 4)),
		row("Mul/scalar", binary(ag.Mul), tensor("a"), tensor("b", 2, 3)),
		row("Mul/itself", unary(func(x *ag.Value) *ag.Value { return ag.Mul(x, x) }), tensor("x", 3, 4)),

		row("Patchify", patchify(2, 2), tensor("pixels", 2, 3, 4, 4, 6)),
		row("Patchify/one frame", patchify(2, 2), tensor("pixels", 2, 3, 1, 2, 4)),
		row("Patchify/one frame a patch", patchify(1, 3), tensor("pixels", 1, 3, 2, 3, 9)),

		row("Permute", unary(permute(2, 0, 1)), tensor("x", 2, 3, 4)),
		row("Permute/five axes", unary(permute(2, 0, 3, 1, 4)), tensor("x", 2, 3, 3, 2, 2)),

		row("Reshape", unary(func(x *ag.Value) *ag.Value { return ag.Reshape(x, 2, 6) }), tensor("x", 3, 4)),
		row("Reshape/two views", twoViews, tensor("x", 3, 4)),

		row("Route", route(2, 0), tensor("x", 5, 3), scores(5, 4), tensor("factor", 10, 1)),
		row("Route/capacity", route(2, 2), tensor("x", 5, 3), scores(5, 4), tensor("factor", 10, 1)),
		row("Route/one expert a token", route(1, 0), tensor("x", 5, 3), scores(5, 4), tensor("factor", 5, 1)),
		row("Gates", unary(func(s *ag.Value) *ag.Value { return ag.Gates(s, ag.Route(s, 3, 0)) }), scores(5, 4)),
		row("Dispatch", binary(func(x, s *ag.Value) *ag.Value { return ag.Dispatch(x, ag.Route(s, 2, 0)) }),
			tensor("x", 4, 3), scores(4, 4)),
		row("Combine", ternary(combine(0)), tensor("slots", 8, 3), tensor("gates", 4, 2), scores(4, 4)),
		row("Combine/capacity", ternary(combine(1)), tensor("slots", 8, 3), tensor("gates", 4, 2), scores(4, 4)),
	}
}

// fixedDraw is a drawn input without a gradient.
func fixedDraw(name string, shape ...int) Input { return Input{Name: name, Shape: shape, NoGrad: true} }

func matMul(transA, transB bool) func(a, b *ag.Value) *ag.Value {
	return func(a, b *ag.Value) *ag.Value { return ag.MatMul(a, b, transA, transB) }
}

func along(f func(x *ag.Value, axis int) *ag.Value, axis int) func(*ag.Value) *ag.Value {
	return func(x *ag.Value) *ag.Value { return f(x, axis) }
}

// patchify cuts floats into patches, with another scale for each channel.
func patchify(tubelet, patch int) Func {
	return unary(func(pixels *ag.Value) *ag.Value {
		return ag.Patchify(pixels, pixels.Data().DType(), engine.PatchifyArgs{Tubelet: tubelet, Patch: patch,
			Mean: [3]float32{0.5, -0.25, 0.125}, Std: [3]float32{0.5, 2, 0.25}})
	})
}

func permute(perm ...int) func(*ag.Value) *ag.Value {
	return func(x *ag.Value) *ag.Value { return ag.Permute(x, perm...) }
}

// twoViews uses the same elements under two shapes, whose gradients meet again.
func twoViews(_ *ag.Tape, in []*ag.Value) []*ag.Value {
	a, b := ag.Reshape(in[0], 2, 6), ag.Reshape(in[0], 12)
	return []*ag.Value{ag.Mul(a, a), b, ag.Add(ag.Reshape(a, 12), b)}
}

// route sends tokens to experts and back: the whole mixture, with a factor for each slot in place of an expert. The
// second output, which slots are kept, has no gradient.
func route(k, capacity int) Func {
	return func(_ *ag.Tape, in []*ag.Value) []*ag.Value {
		r := ag.Route(in[1], k, capacity)
		slots := ag.Mul(ag.Dispatch(in[0], r), in[2])
		return []*ag.Value{ag.Combine(slots, ag.Gates(in[1], r), r), r.Keep}
	}
}

func combine(capacity int) func(slots, gates, scores *ag.Value) *ag.Value {
	return func(slots, gates, scores *ag.Value) *ag.Value {
		return ag.Combine(slots, gates, ag.Route(scores, 2, capacity))
	}
}
