package cpu

import (
	"math"

	"mien/asm"
	"mien/engine"
)

// Functions of one operand.

func (c *Backend) Unary(op engine.UnaryOp, dst, x *engine.Tensor) {
	defer c.timed("Unary", 0, dst, x)()
	known("Unary", op, engine.Rsqrt)
	if op == engine.GELU && c.narrow(dst) {
		inPieces(dst, func(x [][]float32) { asm.F32().GELU(x[0], x[0]) }, x)
		return
	}
	pick(dst, unary[float32], unary[float64])(op, dst, x)
}

func unary[F asm.Float](op engine.UnaryOp, dst, x *engine.Tensor) {
	d, v := host[F](dst), host[F](x)
	parallelElements(len(d), elementGrain/4, func(lo, hi int) {
		switch op {
		case engine.GELU:
			kernels[F]().GELU(d[lo:hi], v[lo:hi])
		case engine.ReLU:
			zeros := make([]F, min(hi-lo, reluElements))
			for at := lo; at < hi; at += len(zeros) {
				n := min(len(zeros), hi-at)
				kernels[F]().Maximum(d[at:at+n], v[at:at+n], zeros[:n])
			}
		default:
			f := curves[op].f
			for i := lo; i < hi; i++ {
				d[i] = F(f(float64(v[i])))
			}
		}
	})
}

// reluElements are compared with as many zeros, which stay in the cache.
const reluElements = 1024

func (c *Backend) UnaryBackward(op engine.UnaryOp, dx, x, dy *engine.Tensor) {
	defer c.timed("UnaryBackward", 0, dx, x, dy)()
	known("UnaryBackward", op, engine.Rsqrt)
	if op == engine.GELU && c.narrow(dx) {
		inPieces(dx, func(x [][]float32) { asm.F32().GELUBackward(x[0], x[0], x[1]) }, x, dy)
		return
	}
	pick(dx, unaryBackward[float32], unaryBackward[float64])(op, dx, x, dy)
}

func unaryBackward[F asm.Float](op engine.UnaryOp, dx, x, dy *engine.Tensor) {
	d, v, g := host[F](dx), host[F](x), host[F](dy)
	parallelElements(len(d), elementGrain/4, func(lo, hi int) {
		switch op {
		case engine.GELU:
			kernels[F]().GELUBackward(d[lo:hi], v[lo:hi], g[lo:hi])
		default:
			slope := curves[op].slope
			for i := lo; i < hi; i++ {
				d[i] = g[i] * F(slope(float64(v[i])))
			}
		}
	})
}

// curves are the functions without a kernel of their own, with their derivatives.
var curves = [...]struct{ f, slope func(x float64) float64 }{
	engine.Softplus:  {softplus, sigmoid},
	engine.NormalCDF: {normalCDF, func(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }},
	engine.ReLU:      {slope: step},
	engine.ELU:       {elu, func(x float64) float64 { return math.Exp(min(x, 0)) }},
	engine.Sigmoid:   {sigmoid, func(x float64) float64 { return sigmoid(x) * sigmoid(-x) }},
	engine.Rsqrt:     {rsqrt, func(x float64) float64 { return -rsqrt(x) / (2 * x) }},
}

// softplus avoids the overflow of eˣ for large x.
func softplus(x float64) float64 {
	return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// normalCDF is exact in the tail, too, where 1 + erf would cancel.
func normalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

func elu(x float64) float64 { return max(x, 0) + math.Expm1(min(x, 0)) }

func rsqrt(x float64) float64 { return 1 / math.Sqrt(x) }

// step is 0 at 0, and NaN for NaN.
func step(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x <= 0:
		return 0
	}
	return x
}
