package autograd

import "mien/engine"

// Sub returns a − b with broadcasting.
//
// d(a − b) = da − db
func Sub(a, b *Value) *Value {
	o := begin("Sub", a, b)
	out := o.new(engine.BroadcastShape("Sub", a.Shape(), b.Shape())...)
	o.be.Binary(engine.Sub, out, a.data, b.data)
	return o.result(out, func(dy *engine.Tensor) {
		unbroadcast("Sub", a, dy.Retain())
		if b.needs {
			g := o.new(dy.Shape()...)
			o.be.Scale(g, dy, -1)
			unbroadcast("Sub", b, g)
		}
	})
}
