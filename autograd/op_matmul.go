package autograd

import (
	"fmt"
	"slices"

	"mien/engine"
)

// MatMul returns op(a)·op(b) for matrices in the last two axes; leading axes are batch and must agree, or be absent
// from b, which is then one matrix for all, and a not transposed. transA and transB say that an operand is
// stored transposed.
//
// With C = A·B: dA = dC·Bᵀ, dB = Aᵀ·dC.
func MatMul(a, b *Value, transA, transB bool) *Value {
	o := begin("MatMul", a, b)
	out := o.new(matMulShape(a.data, b.data, transA, transB)...)
	o.multiply(out, a.data, b.data, transA, transB, false)
	return o.result(out, func(dy *engine.Tensor) {
		a.accumulateInto("MatMul", func(dst *engine.Tensor, accumulate bool) {
			if transA {
				o.multiply(dst, b.data, dy, transB, true, accumulate) // dAᵀ = B·dCᵀ
			} else {
				o.multiply(dst, dy, b.data, false, !transB, accumulate)
			}
		})
		b.accumulateInto("MatMul", func(dst *engine.Tensor, accumulate bool) {
			if transB {
				o.multiply(dst, dy, a.data, true, transA, accumulate) // dBᵀ = dCᵀ·A
			} else {
				o.multiply(dst, a.data, dy, !transA, false, accumulate)
			}
		})
	}, append(savedFor(a.needs, b.data), savedFor(b.needs, a.data)...)...)
}

// matMulShape checks the operands and returns the shape of their product.
func matMulShape(a, b *engine.Tensor, transA, transB bool) []int {
	if a.Rank() < 2 || b.Rank() < 2 {
		panic(&engine.ShapeError{Op: "MatMul", Got: fmt.Sprint(a, b), Want: "operands with at least two axes"})
	}
	sa, sb := a.Shape(), b.Shape()
	m, k, kb, n := a.Dim(-2), a.Dim(-1), b.Dim(-2), b.Dim(-1)
	if transA {
		m, k = k, m
	}
	if transB {
		kb, n = n, kb
	}
	lead := sa[:len(sa)-2]
	shared := b.Rank() == 2 && !transA // one B for the whole batch
	if kb != k || !shared && !slices.Equal(lead, sb[:len(sb)-2]) {
		panic(&engine.ShapeError{Op: "MatMul", Got: fmt.Sprintf("%v · %v, transposed %v %v", sa, sb, transA, transB),
			Want: "equal inner extents and equal batch"})
	}
	return append(slices.Clone(lead), m, n)
}

// multiply computes dst = op(a)·op(b) for the matrices in the last two axes. One b serves the whole batch of a; into one dst goes the
// sum over the batch, whose rows are then one tall matrix: the gradient of such a b.
func (o op) multiply(dst, a, b *engine.Tensor, transA, transB, accumulate bool) {
	shape := dst.Extents()
	inner := a.Dim(-1)
	switch {
	case transA && len(shape) == 2:
		inner = a.Rows()
	case transA:
		inner = a.Dim(-2)
	}
	o.be.Gemm(engine.GemmArgs{C: dst, A: a, B: b, M: dst.Dim(-2), N: dst.Dim(-1), K: inner, TransA: transA, TransB: transB,
		LDA: a.Dim(-1), LDB: b.Dim(-1), LDC: dst.Dim(-1), Batch: engine.Elements(shape[:len(shape)-2]),
		AStride: matrixStride(a), BStride: matrixStride(b), CStride: matrixStride(dst), Accumulate: accumulate})
}

// matrixStride is the distance of two matrices of a batch, 0 where there is one for all.
func matrixStride(t *engine.Tensor) int {
	if t.Rank() == 2 {
		return 0
	}
	return t.Dim(-2) * t.Dim(-1)
}
