package autograd

import "mien/engine"

// LogSoftmax returns log(softmax(x)) along the last axis, without forming the softmax.
//
// dx = dy − exp(y)·Σ dy
func LogSoftmax(x *Value) *Value {
	o := begin("LogSoftmax", x)
	y := o.new(x.Shape()...)
	o.be.LogSoftmax(y, x.data)
	return o.result(y, func(dy *engine.Tensor) {
		g := o.new(x.Shape()...)
		o.be.LogSoftmaxBackward(g, y, dy)
		x.accumulate("LogSoftmax", g)
	}, y)
}
