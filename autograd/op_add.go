package autograd

import "mien/engine"

// Add returns a + b with broadcasting.
//
// d(a + b) = da + db
func Add(a, b *Value) *Value {
	o := begin("Add", a, b)
	out := o.new(engine.BroadcastShape("Add", a.Shape(), b.Shape())...)
	o.be.Binary(engine.Add, out, a.data, b.data)
	return o.result(out, func(dy *engine.Tensor) {
		unbroadcast("Add", a, dy.Retain())
		unbroadcast("Add", b, dy.Retain())
	})
}

// unbroadcast adds a gradient of the result's shape to an operand, summed over the axes that were broadcast. It takes
// over g's reference.
func unbroadcast(op string, v *Value, g *engine.Tensor) {
	if !v.needs || g.SameShape(v.data) {
		v.accumulate(op, g)
		return
	}
	v.accumulateInto(op, func(dst *engine.Tensor, accumulate bool) { g.Backend().SumTo(dst, g, accumulate) })
	g.Free()
}
