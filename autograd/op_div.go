package autograd

import "mien/engine"

// Div returns a/b, elementwise with broadcasting.
//
// d(a/b) = da/b − (a/b)·db/b
func Div(a, b *Value) *Value {
	o := begin("Div", a, b)
	out := o.new(engine.BroadcastShape("Div", a.Shape(), b.Shape())...)
	o.be.Binary(engine.Div, out, a.data, b.data)
	return o.result(out, func(dy *engine.Tensor) {
		g := o.new(dy.Shape()...)
		o.be.Binary(engine.Div, g, dy, b.data) // dy/b
		if b.needs {
			h := o.new(dy.Shape()...)
			o.be.Binary(engine.Mul, h, g, out)
			o.be.Scale(h, h, -1)
			unbroadcast("Div", b, h)
		}
		unbroadcast("Div", a, g)
	}, append(savedFor(b.needs, out), b.data)...)
}
