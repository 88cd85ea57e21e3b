package autograd

import "mien/engine"

// Softmax normalises the last axis, y = exp(x)/Σ exp(x).
//
// dx = y·(dy − Σ y·dy)
func Softmax(x *Value) *Value {
	return softmax("Softmax", x, engine.Backend.Softmax, engine.Backend.SoftmaxBackward)
}

// LogSoftmax returns log(softmax(x)) along the last axis, without forming the softmax.
//
// dx = dy − exp(y)·Σ dy
func LogSoftmax(x *Value) *Value {
	return softmax("LogSoftmax", x, engine.Backend.LogSoftmax, engine.Backend.LogSoftmaxBackward)
}

// softmax is a function of rows whose gradient follows from its result.
func softmax(name string, x *Value, forward func(b engine.Backend, y, x *engine.Tensor),
	backward func(b engine.Backend, dx, y, dy *engine.Tensor)) *Value {
	o := begin(name, x)
	y := o.new(x.Shape()...)
	forward(o.be, y, x.data)
	return o.result(y, func(dy *engine.Tensor) {
		x.accumulateNew(name, func(dx *engine.Tensor) { backward(o.be, dx, y, dy) })
	}, y)
}
