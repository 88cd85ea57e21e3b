package autograd

import "mien/engine"

// PReLU returns x where it is positive, and slope·x where it is not, for x [..., C] and a slope for each channel [C]. (He et al. 2015)
//
// dx = dy where x > 0, else slope·dy; dslope = Σ x·dy where x ≤ 0, of finite x and dy
func PReLU(x, slope *Value) *Value {
	o := begin("PReLU", x, slope)
	engine.CheckShape("PReLU slope", slope.data, x.Dim(-1))
	out := o.new(x.Shape()...)
	o.be.Binary(engine.PReLU, out, x.data, slope.data)
	return o.result(out, func(dy *engine.Tensor) {
		above, below := o.new(x.Shape()...), o.new(x.Shape()...) // dy where x > 0, and where it is not
		defer below.Free()
		o.be.UnaryBackward(engine.ReLU, above, x.data, dy)
		o.be.Binary(engine.Sub, below, dy, above)
		if slope.needs {
			product := o.new(x.Shape()...)
			o.be.Binary(engine.Mul, product, below, x.data)
			unbroadcast("PReLU", slope, product)
		}
		o.be.Binary(engine.Mul, below, below, slope.data)
		o.be.Binary(engine.Add, above, above, below)
		x.accumulate("PReLU", above)
	}, x.data, slope.data)
}
