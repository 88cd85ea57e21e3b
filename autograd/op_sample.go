package autograd

import "mien/engine"

// Sample reads x [B, T, H, W, C] between its positions, by trilinear interpolation with zeros outside: row i of the result [B, n, C]
// is x where row i of at [B, n, 3] points to, along time, rows and columns, times factor [B, n], which may be nil. Positions count
// from 0 or, with a window, whose zero value is none, from its taps, so that n is sites·taps.
//
// dx = Σ factor·weight·dy over the points around, dat = factor·Σ_c dy·∂x/∂at, dfactor = Σ_c dy·x(at). On whole numbers, where the slope
// of x changes, ∂x/∂at is the slope towards larger numbers.
func Sample(x, at, factor *Value, window engine.Window) *Value {
	o := begin("Sample", x, at, factor)
	a, points := engine.SampleArgs{X: x.data, At: at.data, Window: window}, -1
	if window != (engine.Window{}) {
		points = engine.Elements(o.sites(x, window)[1:]) * window.Taps()
	}
	engine.CheckShape("Sample input", x.data, -1, -1, -1, -1, -1)
	engine.CheckShape("Sample positions", at.data, x.Dim(0), points, 3)
	operands := []*engine.Tensor{x.data, at.data}
	if factor != nil {
		engine.CheckShape("Sample factor", factor.data, at.Shape()[:2]...)
		a.Factor, operands = factor.data, append(operands, factor.data)
	}
	out := o.new(x.Dim(0), at.Dim(1), x.Dim(-1))
	read := func() {
		forward := a
		forward.Out = out
		o.be.Sample(forward)
	}
	read()
	y := o.result(out, func(dy *engine.Tensor) { sampleBackward(o, a, x, at, factor, dy) }, operands...)
	return o.rematerialise(y, read, operands...)
}

func sampleBackward(o op, a engine.SampleArgs, x, at, factor *Value, dy *engine.Tensor) {
	g := engine.SampleGrads{DOut: dy}
	if anyNeeds(at, factor) {
		g.DAt = o.new(at.Shape()...)
		if factor != nil {
			g.DFactor = o.new(factor.Shape()...)
		}
	}
	if x.needs {
		x.accumulateInto("Sample", func(dx *engine.Tensor, accumulate bool) {
			if !accumulate {
				o.be.Fill(dx, 0)
			}
			g.DX = dx
			o.be.SampleBackward(a, g)
		})
	} else {
		o.be.SampleBackward(a, g)
	}
	if g.DAt != nil {
		at.accumulate("Sample", g.DAt)
	}
	if g.DFactor != nil {
		factor.accumulate("Sample", g.DFactor)
	}
}
