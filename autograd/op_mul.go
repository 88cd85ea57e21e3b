package autograd

import "mien/engine"

// An op is a function like this one: it computes a result at once and, if an operand needs a gradient, records a closure that turns
// the gradient dy of the result into those of the operands, along with the tensors that the closure reads. begin checks the operands,
// result records the closure. Next: op_linear.go for an op that the engine fuses, and then gradcheck/gradcheck.go, which checks this
// derivative, like every other, against finite differences.

// Mul returns a·b, elementwise with broadcasting.
//
// d(a·b) = b·da + a·db
func Mul(a, b *Value) *Value {
	o := begin("Mul", a, b)
	out := o.new(engine.BroadcastShape("Mul", a.Shape(), b.Shape())...)
	o.be.Binary(engine.Mul, out, a.data, b.data)
	factor := func(v *Value, other *engine.Tensor, dy *engine.Tensor) {
		if v.needs {
			g := o.new(dy.Shape()...)
			o.be.Binary(engine.Mul, g, dy, other)
			unbroadcast("Mul", v, g)
		}
	}
	return o.result(out, func(dy *engine.Tensor) {
		factor(a, b.data, dy)
		factor(b, a.data, dy)
	}, append(savedFor(a.needs, b.data), savedFor(b.needs, a.data)...)...)
}
