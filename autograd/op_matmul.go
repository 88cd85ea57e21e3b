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
	p := newProduct(a.data, b.data, transA, transB)
	out := o.new(p.outShape...)
	o.be.Gemm(p.forward(out, a.data, b.data))
	return o.result(out, func(dy *engine.Tensor) {
		a.accumulateInto("MatMul", func(dst *engine.Tensor, accumulate bool) {
			o.be.Gemm(p.gradA(dst, dy, b.data, accumulate))
		})
		b.accumulateInto("MatMul", func(dst *engine.Tensor, accumulate bool) {
			o.be.Gemm(p.gradB(dst, dy, a.data, accumulate))
		})
	}, append(savedFor(a.needs, b.data), savedFor(b.needs, a.data)...)...)
}

// product holds the extents of a batched matrix product.
type product struct {
	batch, m, n, k int
	transA, transB bool
	sharedB        bool // one B for the whole batch
	outShape       []int
}

func newProduct(a, b *engine.Tensor, transA, transB bool) product {
	if a.Rank() < 2 || b.Rank() < 2 {
		panic(&engine.ShapeError{Op: "MatMul", Got: fmt.Sprint(a, b), Want: "operands with at least two axes"})
	}
	sa, sb := a.Shape(), b.Shape()
	p := product{m: a.Dim(-2), k: a.Dim(-1), n: b.Dim(-1), transA: transA, transB: transB, sharedB: b.Rank() == 2 && a.Rank() > 2}
	if transA {
		p.m, p.k = p.k, p.m
	}
	kb := b.Dim(-2)
	if transB {
		p.n, kb = kb, p.n
	}
	lead := sa[:len(sa)-2]
	if kb != p.k || p.sharedB && transA || !(p.sharedB || slices.Equal(lead, sb[:len(sb)-2])) {
		panic(&engine.ShapeError{Op: "MatMul", Got: fmt.Sprintf("%v · %v, transposed %v %v", sa, sb, transA, transB),
			Want: "equal inner extents and equal batch"})
	}
	p.batch = engine.Elements(lead)
	p.outShape = append(slices.Clone(lead), p.m, p.n)
	return p
}

// strideB is the distance of two items of B.
func (p *product) strideB() int {
	if p.sharedB {
		return 0
	}
	return p.k * p.n
}

func width(trans bool, plain, transposed int) int {
	if trans {
		return transposed
	}
	return plain
}

func (p *product) forward(c, a, b *engine.Tensor) engine.GemmArgs {
	return engine.GemmArgs{C: c, A: a, B: b, M: p.m, N: p.n, K: p.k, TransA: p.transA, TransB: p.transB,
		LDA: width(p.transA, p.k, p.m), LDB: width(p.transB, p.n, p.k), LDC: p.n,
		Batch: p.batch, AStride: p.m * p.k, BStride: p.strideB(), CStride: p.m * p.n}
}

// gradA computes dA = dC·op(B)ᵀ, or its transpose op(B)·dCᵀ where A is stored transposed.
func (p *product) gradA(da, dc, b *engine.Tensor, accumulate bool) engine.GemmArgs {
	ldb := width(p.transB, p.n, p.k)
	g := engine.GemmArgs{C: da, A: dc, B: b, M: p.m, N: p.k, K: p.n, TransB: !p.transB,
		LDA: p.n, LDB: ldb, LDC: p.k, AStride: p.m * p.n, BStride: p.strideB()}
	if p.transA {
		g = engine.GemmArgs{C: da, A: b, B: dc, M: p.k, N: p.m, K: p.n, TransA: p.transB, TransB: true,
			LDA: ldb, LDB: p.n, LDC: p.m, AStride: p.strideB(), BStride: p.m * p.n}
	}
	g.Batch, g.CStride, g.Accumulate = p.batch, p.m*p.k, accumulate
	return g
}

// gradB computes dB = op(A)ᵀ·dC, or its transpose dCᵀ·op(A) where B is stored transposed.
func (p *product) gradB(db, dc, a *engine.Tensor, accumulate bool) engine.GemmArgs {
	lda := width(p.transA, p.k, p.m)
	g := engine.GemmArgs{C: db, A: a, B: dc, M: p.k, N: p.n, K: p.m, TransA: !p.transA,
		LDA: lda, LDB: p.n, LDC: p.n, AStride: p.m * p.k, BStride: p.m * p.n}
	if p.transB {
		g = engine.GemmArgs{C: db, A: dc, B: a, M: p.n, N: p.k, K: p.m, TransA: true, TransB: p.transA,
			LDA: p.n, LDB: lda, LDC: p.k, AStride: p.m * p.n, BStride: p.m * p.k}
	}
	g.Batch, g.CStride, g.Accumulate = p.batch, p.k*p.n, accumulate
	if p.sharedB { // the rows of the whole batch are one tall matrix
		g.Batch, g.K = 1, p.batch*p.m
	}
	return g
}
