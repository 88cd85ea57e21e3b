package quantized

import (
	"fmt"

	"mien/asm/internal/kernel"
)

// Product describes a product and its epilogue, applied while the result is in the cache:
//
//	S = A·B  (+ C when Accumulate)
//	X = S + Bias, kept in Pre
//	C = GELU(X) + Residual, or with Slope X·GELU′(Slope)
//
// with A [M, K], B [K, N], and C, Pre, Residual, Slope [M, N]. Accumulate, Pre, GELU, Bias [N], Residual and Slope are optional.
type Product struct {
	M, N       int
	A          []float32
	LDA        int
	Converted  *Rows // in place of A
	B          *Panels
	C          []float32
	LDC        int
	Bias       []float32
	Accumulate bool

	Pre        []float32
	LDPre      int
	GELU       bool
	Residual   []float32 // may not overlap C
	LDResidual int
	Slope      []float32 // without Pre, GELU and Residual
	LDSlope    int

	// C16 is C at bfloat16, and then Pre16 and Slope16 are in place of Pre and Slope; there is no Residual. X is rounded before GELU, so
	// that GELU of what Pre16 keeps is C16. Sums [M, N] is float32 working memory of pieces.
	C16, Pre16, Slope16 []uint16
	Sums                []float32
	LDSums              int

	fresh, following Operand // op(B) in place of B, and what the next product packs
	terms            int     // of fresh

	firstRow, firstColumn int  // of Converted and of B, where Rows and Columns have cut
	resumed, unfinished   bool // pieces of the sums were added before, and will be after this one
}

// Of sets the operands of all rows and columns that are left of C.
func (g Product) Of(a *Rows, b *Panels) Product {
	g.A, g.Converted, g.firstRow = nil, a, 0
	g.B, g.firstColumn = b, 0
	return g
}

// Packing sets op(B) of all columns that are left of C where it is not packed yet: Gemm packs lines of so many terms for itself.
// Following are the lines that the same thread packs next, if any: they are prefetched meanwhile.
func (g Product) Packing(b, following Operand, terms int) Product {
	g.B, g.firstColumn = nil, 0
	g.fresh, g.following, g.terms = b, following, terms
	return g
}

// Piece makes a product one of several pieces of the same sums, of other terms each, that run in order. Wherever sums are cut between
// words, they have the same bits: a piece begins with what the one before it has left.
func (g Product) Piece(first, last bool) Product {
	g.resumed, g.unfinished = !first, !last
	return g
}

// Rows restricts a product to rows lo ≤ i < hi of C.
func (g Product) Rows(lo, hi int) Product {
	g.M = hi - lo
	g.firstRow += lo
	if g.Converted == nil {
		g.A = g.A[lo*g.LDA:]
	}
	g.C, g.C16 = kernel.Tail(g.C, lo*g.LDC), kernel.Tail(g.C16, lo*g.LDC)
	g.Pre, g.Pre16 = kernel.Tail(g.Pre, lo*g.LDPre), kernel.Tail(g.Pre16, lo*g.LDPre)
	g.Slope, g.Slope16 = kernel.Tail(g.Slope, lo*g.LDSlope), kernel.Tail(g.Slope16, lo*g.LDSlope)
	g.Residual, g.Sums = kernel.Tail(g.Residual, lo*g.LDResidual), kernel.Tail(g.Sums, lo*g.LDSums)
	return g
}

// Columns restricts a product to columns lo ≤ j < hi of C. lo must be a multiple of NR, and so must hi unless it is N.
func (g Product) Columns(lo, hi int) Product {
	g.N = hi - lo
	g.firstColumn += lo
	g.Bias = kernel.Tail(g.Bias, lo)
	g.C, g.C16 = columnsFrom(g.C, lo), columnsFrom(g.C16, lo)
	g.Pre, g.Pre16 = columnsFrom(g.Pre, lo), columnsFrom(g.Pre16, lo)
	g.Slope, g.Slope16 = columnsFrom(g.Slope, lo), columnsFrom(g.Slope16, lo)
	g.Residual, g.Sums = columnsFrom(g.Residual, lo), columnsFrom(g.Sums, lo)
	return g
}

// columnsFrom is kernel.Tail where there may be no rows.
func columnsFrom[T any](x []T, from int) []T { return kernel.Tail(x, min(from, len(x))) }

// check panics on operands that do not match: a bug in the program.
func (g *Product) check(f format) {
	last := g.firstColumn + g.N
	if g.Converted != nil {
		mustBe(g.Converted.format, f, "activations")
	}
	if g.Accumulate || g.resumed {
		mustBe(bf16Format, f, "a product onto C")
	}
	mustBe(g.B.format, f, "weights")
	switch {
	case last > g.B.N || g.Converted != nil && (g.Converted.K != g.B.K || g.firstRow+g.M > g.Converted.M):
		panic(fmt.Sprintf("quantized: weights [%d, %d] do not serve %d rows, columns %d to %d", g.B.N, g.B.K, g.M, g.firstColumn, last))
	case g.firstColumn%NR != 0 || last%NR != 0 && last != g.B.N:
		panic(fmt.Sprintf("quantized: columns %d to %d do not begin and end at panels of %d", g.firstColumn, last, NR))
	}
}

func mustBe(got, want format, what string) {
	if got != want {
		panic(fmt.Sprintf("quantized: %s of %s met the kernels of %s", what, got.name, want.name))
	}
}
