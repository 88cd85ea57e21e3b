package autograd

import "mien/engine"

// Softmax normalises the last axis, y = exp(x)/Σ exp(x).
//
// dx = y·(dy − Σ y·dy)
func Softmax(x *Value) *Value {
	o := begin("Softmax", x)
	y := o.new(x.Shape()...)
	o.be.Softmax(y, x.data)
	return o.result(y, func(dy *engine.Tensor) {
		g := o.new(x.Shape()...)
		o.be.SoftmaxBackward(g, y, dy)
		x.accumulate("Softmax", g)
	}, y)
}
