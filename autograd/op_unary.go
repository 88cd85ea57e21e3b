package autograd

import "mien/engine"

// GELU returns x·Φ(x), the exact form with the error function. (Hendrycks & Gimpel 2016)
//
// dx = dy·(Φ(x) + x·φ(x))
func GELU(x *Value) *Value { return unary("GELU", engine.GELU, x) }

// Softplus returns log(1 + eˣ), positive and smooth.
//
// dx = dy/(1 + e⁻ˣ)
func Softplus(x *Value) *Value { return unary("Softplus", engine.Softplus, x) }

// NormalCDF returns Φ(x), the probability that a number drawn from N(0, 1) is below x.
//
// dx = dy·φ(x), with the density φ(x) = exp(−x²/2)/√(2π)
func NormalCDF(x *Value) *Value { return unary("NormalCDF", engine.NormalCDF, x) }

// ReLU returns max(x, 0).
//
// dx = dy where x > 0, else 0
func ReLU(x *Value) *Value { return unary("ReLU", engine.ReLU, x) }

// ELU returns x where it is positive, else eˣ − 1. (Clevert et al. 2016)
//
// dx = dy where x > 0, else eˣ·dy
func ELU(x *Value) *Value { return unary("ELU", engine.ELU, x) }

// Sigmoid returns the logistic function σ(x) = 1/(1 + e⁻ˣ).
//
// dx = dy·σ(x)·σ(−x)
func Sigmoid(x *Value) *Value { return unary("Sigmoid", engine.Sigmoid, x) }

// Rsqrt returns 1/√x.
//
// dx = −dy/(2·x·√x)
func Rsqrt(x *Value) *Value { return unary("Rsqrt", engine.Rsqrt, x) }

func unary(name string, f engine.UnaryOp, x *Value) *Value {
	o := begin(name, x)
	out := o.new(x.Shape()...)
	compute := func() { o.be.Unary(f, out, x.data) }
	compute()
	y := o.result(out, func(dy *engine.Tensor) {
		dx := o.overwritten(dy)
		o.be.UnaryBackward(f, dx, x.data, dy)
		x.accumulate(name, dx)
	}, x.data)
	return o.rematerialise(y, compute, x.data)
}
