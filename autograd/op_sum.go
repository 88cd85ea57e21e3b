package autograd

import "mien/engine"

// Sum adds all elements into a scalar.
//
// dx = dy for every element
func Sum(x *Value) *Value { return sumTo("Sum", x) }

// SumAxis adds along one axis and drops it.
//
// dx = dy, repeated along the axis
func SumAxis(x *Value, axis int) *Value {
	shape := x.Shape()
	shape[axis] = 1
	return Reshape(sumTo("SumAxis", x, shape...), append(shape[:axis:axis], shape[axis+1:]...)...)
}

// sumTo sums over the axes that have extent 1 in shape, or are missing.
func sumTo(name string, x *Value, shape ...int) *Value {
	o := begin(name, x)
	out := o.new(shape...)
	o.be.SumTo(out, x.data, false)
	return o.result(out, func(dy *engine.Tensor) {
		x.accumulateNew(name, func(dx *engine.Tensor) {
			o.be.Fill(dx, 0)
			o.be.Binary(engine.Add, dx, dx, dy)
		})
	})
}
