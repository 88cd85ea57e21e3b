package cpu

import (
	"math"

	"mien/asm"
	"mien/engine"
)

// Elementwise operations, the simplest methods of the backend: find the slices, split them among threads, call a kernel. Next:
// asm/vector/elementwise_reference.go, these kernels in plain Go, or gemm.go, where most of the time is spent.

func (c *Backend) Fill(dst *engine.Tensor, value float64) {
	defer c.timed("Fill", 0, dst)()
	switch dst.DType() {
	case engine.Float32:
		fill(host[float32](dst), float32(value))
	case engine.Float64:
		fill(host[float64](dst), value)
	case engine.Int32:
		fill(host[int32](dst), int32(value))
	default:
		panic(unsupported("Fill", dst.DType()))
	}
}

func fill[N engine.Number](x []N, v N) {
	if v == 0 && !math.Signbit(float64(v)) { // all bits 0
		clear(x)
		return
	}
	for i := range x {
		x[i] = v
	}
}

func (c *Backend) Binary(op engine.BinaryOp, dst, a, b *engine.Tensor) {
	defer c.timed("Binary", 0, dst, a, b)()
	known("Binary", op, engine.PReLU)
	if op == engine.Add && c.narrow(dst) && a.SameShape(dst) && b.SameShape(dst) {
		inPieces(dst, func(x [][]float32) { asm.F32().Add(x[0], x[0], x[1]) }, a, b)
		return
	}
	pick(dst, binary[float32], binary[float64])(op, dst, a, b)
}

func binary[F asm.Float](op engine.BinaryOp, dst, a, b *engine.Tensor) {
	d, x, y := host[F](dst), host[F](a), host[F](b)
	loop := newBroadcast(dst.Extents(), a.Extents(), b.Extents())
	if loop.outer == 1 && loop.step == [2]int{1, 1} {
		parallelElements(len(d), elementGrain, func(lo, hi int) { vectorOp(op, d[lo:hi], x[lo:hi], y[lo:hi]) })
		return
	}
	if op == engine.PReLU && len(x) == len(d) && len(y) == loop.inner && loop.step == [2]int{1, 1} { // a slope for each channel
		preluRows(d, x, y)
		return
	}
	parallel(loop.outer, rowGrain(loop.inner), func(lo, hi int) {
		loop.each(lo, hi, func(i int, at [2]int) {
			run := d[i*loop.inner : (i+1)*loop.inner]
			runOp(op, run, x[at[0]:], y[at[1]:], loop.step)
		})
	})
}

func vectorOp[F asm.Float](op engine.BinaryOp, dst, a, b []F) {
	k := kernels[F]()
	[...]func(dst, a, b []F){engine.Add: k.Add, engine.Sub: k.Sub, engine.Mul: k.Mul, engine.Div: quotients[F], engine.PReLU: prelus[F]}[op](dst, a, b)
}

// quotients needs no kernel of its own: its results are of a few numbers a token.
func quotients[F asm.Float](dst, a, b []F) {
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

// runOp computes one run whose operands advance by step 1 or stay at one element.
func runOp[F asm.Float](op engine.BinaryOp, dst, a, b []F, step [2]int) {
	n := len(dst)
	switch {
	case step == [2]int{1, 1}:
		vectorOp(op, dst, a[:n], b[:n])
	case op == engine.Mul && step == [2]int{1, 0}:
		kernels[F]().Scale(dst, a[:n], b[0])
	case op == engine.Mul && step == [2]int{0, 1}:
		kernels[F]().Scale(dst, b[:n], a[0])
	default:
		for i := range dst {
			dst[i] = scalarOp(op, a[i*step[0]], b[i*step[1]])
		}
	}
}

func scalarOp[F asm.Float](op engine.BinaryOp, a, b F) F {
	switch op {
	case engine.Add:
		return a + b
	case engine.Sub:
		return a - b
	case engine.Div:
		return a / b
	case engine.PReLU:
		return prelu(a, b)
	}
	return a * b
}

func (c *Backend) Axpy(dst *engine.Tensor, s float64, x *engine.Tensor) {
	defer c.timed("Axpy", 0, dst, x)()
	if c.narrow(dst) {
		inPieces(dst, func(v [][]float32) { asm.F32().Axpy(v[0], float32(s), v[1]) }, dst, x)
		return
	}
	pick(dst, axpy[float32], axpy[float64])(dst, s, x)
}

func axpy[F asm.Float](dst *engine.Tensor, s float64, x *engine.Tensor) {
	d, v := host[F](dst), host[F](x)
	parallelElements(len(d), elementGrain, func(lo, hi int) { kernels[F]().Axpy(d[lo:hi], F(s), v[lo:hi]) })
}

func (c *Backend) Scale(dst, x *engine.Tensor, s float64) {
	defer c.timed("Scale", 0, dst, x)()
	pick(dst, scale[float32], scale[float64])(dst, x, s)
}

func scale[F asm.Float](dst, x *engine.Tensor, s float64) {
	d, v := host[F](dst), host[F](x)
	parallelElements(len(d), elementGrain, func(lo, hi int) { kernels[F]().Scale(d[lo:hi], v[lo:hi], F(s)) })
}
