package autograd

import "mien/engine"

// Scale returns s·x for a constant s.
//
// d(s·x) = s·dx
func Scale(x *Value, s float64) *Value {
	o := begin("Scale", x)
	out := o.new(x.Shape()...)
	o.be.Scale(out, x.data, s)
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateNew("Scale", func(dx *engine.Tensor) { o.be.Scale(dx, dy, s) })
	})
}
