package autograd

import "mien/engine"

// LayerNorm normalises the last axis to mean 0 and variance 1, with the biased variance, and then scales and shifts:
// y = x̂·gamma + beta, x̂ = (x − mean)/√(var + eps). (Ba, Kiros & Hinton 2016)
//
// With g = dy·gamma: dx = (g − mean(g) − x̂·mean(g·x̂))/√(var + eps), dgamma = Σ dy·x̂, dbeta = Σ dy
func LayerNorm(x, gamma, beta *Value, eps float64) *Value {
	o := begin("LayerNorm", x, gamma, beta)
	return layerNorm(o, o.dtype, x, gamma, beta, eps)
}

// LayerNormRounded is Rounded(LayerNorm(…)) in one pass.
func LayerNormRounded(x, gamma, beta *Value, eps float64) *Value {
	o := begin("LayerNormRounded", x, gamma, beta)
	return layerNorm(o, o.activations(), x, gamma, beta, eps)
}

func layerNorm(o op, dtype engine.DType, x, gamma, beta *Value, eps float64) *Value {
	engine.CheckShape(o.name+" gamma", gamma.data, x.Dim(-1))
	engine.CheckShape(o.name+" beta", beta.data, x.Dim(-1))
	rows := x.data.Rows()
	out := engine.New(o.be, dtype, x.Shape()...)
	mean, rstd := o.temp(o.new(rows)), o.temp(o.new(rows))
	normalize := func() { o.be.LayerNorm(out, mean, rstd, x.data, gamma.data, beta.data, eps) }
	normalize()
	y := o.result(out, func(dy *engine.Tensor) {
		var dgamma, dbeta *engine.Tensor
		if anyNeeds(gamma, beta) {
			dgamma, dbeta = o.zeros(gamma), o.zeros(beta)
		}
		back := func(dx *engine.Tensor, accumulate bool) {
			o.be.LayerNormBackward(dx, dgamma, dbeta, x.data, gamma.data, dy, mean, rstd, accumulate)
		}
		if x.needs {
			x.accumulateInto(o.name, back)
		} else { // dgamma and dbeta come with a dx
			x.accumulateNew(o.name, func(dx *engine.Tensor) { back(dx, false) })
		}
		if dgamma != nil {
			gamma.accumulate(o.name, dgamma)
			beta.accumulate(o.name, dbeta)
		}
	}, x.data, gamma.data, beta.data, mean, rstd)
	return o.rematerialise(y, normalize, x.data, gamma.data, beta.data)
}
