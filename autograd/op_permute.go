package autograd

import (
	"slices"

	"mien/engine"
)

// Permute reorders axes by a copy: axis i of the result is axis perm[i] of x.
//
// dx = dy under the inverse permutation
func Permute(x *Value, perm ...int) *Value {
	o := begin("Permute", x)
	shape, inverse := permuted("Permute", x.Shape(), perm)
	out := o.new(shape...)
	o.be.Permute(out, x.data, perm)
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateNew("Permute", func(dx *engine.Tensor) { o.be.Permute(dx, dy, inverse) })
	})
}

func permuted(op string, shape, perm []int) (out, inverse []int) {
	sorted := slices.Clone(perm)
	slices.Sort(sorted)
	for i, p := range sorted {
		if p != i || len(perm) != len(shape) {
			panic(&engine.ShapeError{Op: op, Got: perm, Want: "each axis once"})
		}
	}
	out, inverse = make([]int, len(perm)), make([]int, len(perm))
	for i, p := range perm {
		out[i], inverse[p] = shape[p], i
	}
	return out, inverse
}
