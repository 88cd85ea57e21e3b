package autograd

import "mien/engine"

// LayerNorm normalises the last axis to mean 0 and variance 1, with the biased variance, and then scales and shifts:
// y = x̂·gamma + beta, x̂ = (x − mean)/√(var + eps). (Ba, Kiros & Hinton 2016)
//
// With g = dy·gamma: dx = (g − mean(g) − x̂·mean(g·x̂))/√(var + eps), dgamma = Σ dy·x̂, dbeta = Σ dy
func LayerNorm(x, gamma, beta *Value, eps float64) *Value {
	o := begin("LayerNorm", x, gamma, beta)
	engine.CheckShape("LayerNorm gamma", gamma.data, x.Dim(-1))
	engine.CheckShape("LayerNorm beta", beta.data, x.Dim(-1))
	rows := x.data.Rows()
	out := o.new(x.Shape()...)
	mean, rstd := o.temp(o.new(rows)), o.temp(o.new(rows))
	normalize := func() { o.be.LayerNorm(out, mean, rstd, x.data, gamma.data, beta.data, eps) }
	normalize()
	y := o.result(out, func(dy *engine.Tensor) {
		dx := o.new(x.Shape()...)
		var dgamma, dbeta *engine.Tensor
		if anyNeeds(gamma, beta) {
			dgamma, dbeta = o.zeros(gamma), o.zeros(beta)
		}
		o.be.LayerNormBackward(dx, dgamma, dbeta, x.data, gamma.data, dy, mean, rstd)
		x.accumulate("LayerNorm", dx)
		if dgamma != nil {
			gamma.accumulate("LayerNorm", dgamma)
			beta.accumulate("LayerNorm", dbeta)
		}
	}, x.data, gamma.data, beta.data, mean, rstd)
	return o.rematerialise(y, normalize, x.data, gamma.data, beta.data)
}
