package autograd

import "mien/engine"

// Reshape returns the same elements under another shape, without a copy.
//
// dx = dy, reshaped
func Reshape(x *Value, shape ...int) *Value {
	o := begin("Reshape", x)
	return o.result(x.data.View(shape...), func(dy *engine.Tensor) {
		x.accumulate("Reshape", dy.View(x.Shape()...))
	})
}
